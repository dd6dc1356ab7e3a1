"""Rows of any age, written straight into the store."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from telemetry.conf import settings

DAY = 86_400 * 1_000_000


def store() -> sqlite3.Connection:
    """The plain connection."""
    connections[settings.DATABASE].ensure_connection()
    db: sqlite3.Connection = connections[settings.DATABASE].connection
    return db


def key(days: float, number: int = 0) -> int:
    """The key of a row `days` ago."""
    return (time.time_ns() // 1000 - int(days * DAY) + number) << 12


def add_logs(count: int, days: float, size: int = 20, db: sqlite3.Connection | None = None) -> None:
    """`count` log records with messages of `size` characters."""
    first = key(days)
    (db or store()).executemany(
        "INSERT INTO telemetry_log (id, level, logger_id, message) VALUES (?, 20, 1, ?)",
        [(first + (i << 12), "x" * size) for i in range(count)],
    )


def add_occurrence(error: int, days: float) -> None:
    """One occurrence of the group, which is made if it is not there."""
    db = store()
    now = time.time_ns() // 1000
    db.execute(
        "INSERT OR IGNORE INTO telemetry_error"
        " (id, fingerprint, type, message, culprit, first_seen, last_seen, count)"
        " VALUES (?, ?, 'E', 'm', 'c', ?, ?, 1)",
        (error, error.to_bytes(16, "big"), now, now),
    )
    db.execute(
        "INSERT INTO telemetry_occurrence (id, error_id, handled, message, stack)"
        " VALUES (?, ?, 0, 'm', 's')",
        (key(days, error), error),
    )


def count(table: str) -> int:
    """Rows in a table of telemetry."""
    return int(store().execute(f"SELECT count(*) FROM telemetry_{table}").fetchone()[0])


@contextmanager
def statements() -> Iterator[list[str]]:
    """What SQLite runs meanwhile, values filled in."""
    seen: list[str] = []
    store().set_trace_callback(seen.append)
    try:
        yield seen
    finally:
        store().set_trace_callback(None)
