"""Events → rows: one batch's worth, ready for `executemany`."""

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from telemetry.ingest import observed, units
from telemetry.ingest.names import NULL, Names
from telemetry.ingest.rollup import Rollup
from telemetry.journal import events

_KEY_BITS = 12
_KEY_MASK = (1 << _KEY_BITS) - 1
_KEY = itemgetter(0)
_LOAD_RUN = units.COLUMNS.index("load_run_id")
_LINE_NUMBER = re.compile(r":\d+ ")


def _insert(table: str, columns: Sequence[str]) -> str:
    marks = ",".join("?" * len(columns))
    return f"INSERT INTO telemetry_{table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608


INSERTS = {
    "requests": _insert("request", units.COLUMNS),
    "logs": _insert(
        "log",
        (
            *("id", "uid", "process_id", "level", "logger_id", "route_id", "template_id"),
            *("message", "code_id", "weight", "attributes", "bound"),
        ),
    ),
    "occurrences": _insert(
        "occurrence", ("id", "error_id", "uid", "process_id", "handled", "message", "stack")
    ),
    "samples": _insert("sample", ("id", "series_id", "value")),
}
_UPSERT_ERROR = (
    "INSERT INTO telemetry_error"
    " (fingerprint, type, message, culprit, route_id, first_seen, last_seen, count)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 1)"
    " ON CONFLICT (fingerprint) DO UPDATE SET count = count + 1, message = excluded.message,"
    " culprit = excluded.culprit, route_id = excluded.route_id,"
    " first_seen = min(first_seen, excluded.first_seen),"
    " last_seen = max(last_seen, excluded.last_seen)"
    " RETURNING id"
)
_UPSERT_LOAD_RUN = (
    "INSERT INTO telemetry_loadrun (id, first_seen, last_seen, requests, errors)"
    " VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " first_seen = min(coalesce(first_seen, excluded.first_seen), excluded.first_seen),"
    " last_seen = max(coalesce(last_seen, excluded.last_seen), excluded.last_seen),"
    " requests = requests + excluded.requests, errors = errors + excluded.errors"
)


class Keys:
    """Row keys in order of time: `microseconds << 12 | n`, where n tells equal times apart."""

    def __init__(self, first: int = 0) -> None:
        self._n = first
        # Microseconds that a row is moved by, when its own are full (a clock that stands still).
        self.shift = 0

    def __call__(self, time: int) -> int:
        self._n = (self._n + 1) & _KEY_MASK
        return time + self.shift << _KEY_BITS | self._n


@dataclass
class Rows:
    """What one batch adds to the store. Filled inside the batch's transaction."""

    db: sqlite3.Connection
    names: Names
    keys: Keys
    rollup: Rollup = field(default_factory=Rollup)
    # run → [first start, newest start, requests, errors]
    load_runs: dict[str, list[int]] = field(default_factory=dict)
    tables: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {name: [] for name in INSERTS}
    )

    def __post_init__(self) -> None:
        self.names.numbers.db = self.db

    def add(self, event: events.Event, process: int) -> None:
        """Turn one event into rows and sums."""
        match event:
            case events.LogMade():
                self._log(event, process)
            case events.UnitDone():
                self._unit(event, process)
            case events.ErrorRaised():
                self._error(event, process)
            case events.SamplesMade():
                self._samples(event)
            case events.MetricDeclared():
                self.names.declare(self.db, event.name, event.type, event.unit, event.help)
            case events.ProcessStarted():
                self._process(event, process)

    def write(self) -> None:
        """Insert the rows and add the sums."""
        for name, rows in self.tables.items():
            if rows:
                # By key: rows of several writers would otherwise leave pages half full.
                rows.sort(key=_KEY)
                self.db.executemany(INSERTS[name], rows)
        self.db.executemany(
            _UPSERT_LOAD_RUN, ((run, *values) for run, values in self.load_runs.items())
        )
        self.rollup.write(self.db)

    def _log(self, event: events.LogMade, process: int) -> None:
        names = self.names
        numbers = names.numbers
        uid, own = event.uid, event.attributes
        news = None if uid is None else names.news(uid, event.bound)
        self.tables["logs"].append(
            (
                self.keys(event.time),
                NULL if uid is None else bytearray.fromhex(uid),
                process,
                event.level,
                numbers[event.logger],
                numbers[event.route],
                numbers[event.template],
                event.message,
                numbers[event.code],
                NULL if event.weight is None else event.weight,
                units.encode(own).decode() if own else NULL,
                NULL if news is None else units.encode(news).decode(),
            )
        )

    def _unit(self, event: events.UnitDone, process: int) -> None:
        names, rollup, took = self.names, self.rollup, event.duration or 0
        end = event.start + took
        samples: list[float] = []
        for kind, name, labels, value in event.metrics:
            samples += (self._observe(kind, name, labels, end, value), value)
        row = units.row(event, process, self.keys(event.start), names, samples)
        self.tables["requests"].append(row)
        names.ended(event.uid)
        load_run = row[_LOAD_RUN]
        if type(load_run) is str:
            self._load_run(load_run, event)
        if not event.is_self:
            observed.unit(event, self.db, names, rollup)

    def _load_run(self, run: str, event: events.UnitDone) -> None:
        found = self.load_runs.setdefault(run, [event.start, event.start, 0, 0])
        found[0] = min(found[0], event.start)
        found[1] = max(found[1], event.start)
        found[2] += 1
        found[3] += (event.status or 0) >= 500

    def _observe(
        self, kind: str, name: str, labels: dict[str, str], time: int, value: float
    ) -> int:
        series = self.names.series(self.db, kind, name, labels)
        self.rollup.add(kind, series, time, value)
        return series

    def _samples(self, event: events.SamplesMade) -> None:
        for kind, name, labels, value in event.samples:
            series = self._observe(kind, name, labels, event.time, value)
            self.tables["samples"].append((self.keys(event.time), series, value))

    def _error(self, event: events.ErrorRaised, process: int) -> None:
        (error,) = self.db.execute(
            _UPSERT_ERROR,
            (
                fingerprint(event),
                event.type,
                event.message,
                event.culprit,
                self.names.numbers[event.route],
                event.time,
                event.time,
            ),
        ).fetchone()
        self.tables["occurrences"].append(
            (
                self.keys(event.time),
                error,
                units.blob(event.uid),
                process,
                event.handled,
                event.message,
                event.stack,
            )
        )

    def _process(self, event: events.ProcessStarted, process: int) -> None:
        self.db.execute(
            "UPDATE telemetry_process SET pid = ?, host = ?, role = ?, app_version = ?,"
            " started = coalesce(started, ?) WHERE id = ?",
            (event.pid, event.host, event.role, event.app_version, event.time, process),
        )


def fingerprint(event: events.ErrorRaised) -> bytes:
    """What tells faults apart: the exception's type and the place, line numbers aside."""
    # A line moves with every release; without a place the message has to do.
    place = _LINE_NUMBER.sub(" ", event.culprit) or event.message
    return hashlib.sha256(f"{event.type}\n{place}".encode()).digest()[:16]
