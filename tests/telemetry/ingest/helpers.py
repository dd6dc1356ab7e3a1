"""Emit into a journal and ingest it, in this process."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connections

from telemetry.capture.sink import JournalSink
from telemetry.conf import settings
from telemetry.ingest import packed
from telemetry.ingest.connection import path
from telemetry.ingest.worker import Worker
from telemetry.journal import events

# The statements that make the tables which say of which metric a series is.
NAMED = (
    "SELECT sql FROM sqlite_master WHERE name IN ('telemetry_metric', 'telemetry_series',"
    " 'telemetry_slice', 'telemetry_slicemember')"
)
# And those that roll-ups and totals are added to.
SUMS = (
    "SELECT sql FROM sqlite_master"
    " WHERE name LIKE 'telemetry%bucket' OR name LIKE 'telemetry%total'"
)
START = 1_795_479_513_000_000


@contextmanager
def sums_alone() -> Iterator[sqlite3.Connection]:
    """A database in memory with the store's tables of sums, all empty."""
    made = [str(sql) for (sql,) in rows(NAMED) + rows(SUMS)]
    with closing(sqlite3.connect(":memory:")) as db:
        db.create_function("histogram_merged", -1, packed.merged, deterministic=True)
        db.executescript(";".join(made))
        yield db


def uid(number: int) -> str:
    """An id that its number can be read from; it begins with the time of `unit(number)`."""
    return f"{(START + number) // 1000:012x}{number:020x}"


def log(number: int, **changes: object) -> events.LogMade:
    """A log record of a unit of work."""
    values: dict[str, object] = {
        "uid": uid(number),
        "time": START + number,
        "level": 20,
        "logger": "payments",
        "route": "pay/",
        "message": f"record {number}",
        "template": None,
        "code": None,
        "attributes": {"number": number},
    }
    return events.LogMade(**{**values, **changes})  # type: ignore[arg-type]


def unit(number: int, **changes: object) -> events.UnitDone:
    """A request that took `number` milliseconds."""
    values: dict[str, object] = {
        "uid": uid(number),
        "start": START + number,
        "duration": number * 1_000,
        "kind": 1,
        "is_self": False,
        "method": "POST",
        "route": "pay/",
        "path": "/pay/",
        "status": 201,
        "level": 20,
        "user_id": None,
        "error_type": None,
        "db_count": 3,
        "db_time": 400,
        "log_count": 2,
        "caller_trace_id": None,
        "caller_span_id": None,
        "caller_request_id": None,
        "attributes": {},
        "metrics": [],
        "spans": None,
    }
    return events.UnitDone(**{**values, **changes})  # type: ignore[arg-type]


@contextmanager
def emitting() -> Iterator[JournalSink]:
    """A writer that is gone at the end of the block, as after its process."""
    sink = JournalSink()
    try:
        yield sink
    finally:
        sink.journal.close()


def emit(*records: events.Event) -> None:
    """Write records as a process of its own would."""
    with emitting() as sink:
        for record in records:
            sink.emit(record)


def drain() -> int:
    """Ingest what is there; the number of records."""
    worker = Worker()
    try:
        return worker.drain()
    finally:
        worker.close()


def rows(sql: str, *parameters: object) -> list[tuple[object, ...]]:
    """The answer of the store to a plain statement."""
    connections[settings.DATABASE].ensure_connection()
    db: sqlite3.Connection = connections[settings.DATABASE].connection
    return db.execute(sql, parameters).fetchall()


def fallen(where: str = "1") -> dict[tuple[int, int, int], dict[int, int]]:
    """(level, series, start) → {idx: n} of the histograms in the store."""
    found = rows(
        "SELECT resolution, series_id, start, histogram FROM telemetry_bucket b"
        f" WHERE histogram IS NOT NULL AND {where}"
    )
    return {tuple(key): packed.unpack(words) for *key, words in found}  # type: ignore[arg-type,misc]


def messages() -> list[str]:
    """The messages of all stored log records, in order of their keys."""
    return [str(text) for (text,) in rows("SELECT message FROM telemetry_log ORDER BY id")]


def replace_store(empty: Path) -> None:
    """Put a copy of another store in the place of the test's own."""
    for suffix in ("-wal", "-shm"):
        path().with_name(f"{path().name}{suffix}").unlink(missing_ok=True)
    shutil.copy(empty, new := empty.with_name("new.sqlite3"))
    new.replace(path())
