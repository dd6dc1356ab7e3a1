"""The statements that delete one batch. All of them walk a primary key from its low end."""
# Table and column names are constants of this module.
# ruff: noqa: S608

import sqlite3

from telemetry.ingest import slices

KEYED = {
    "requests": "telemetry_request",
    "logs": "telemetry_log",
    "errors": "telemetry_occurrence",
    "samples": "telemetry_sample",
}
RESOLUTIONS = {
    "buckets_10s": 10,
    "buckets_1m": 60,
    "buckets_1h": 3600,
    "buckets_6h": 21_600,
    "buckets_1d": 86_400,
    "buckets_30d": 2_592_000,
}


# The series of buckets: those that there are, of each metric all together, and slices
# (`ingest.rollup`).
SERIES = (
    "SELECT id FROM telemetry_series UNION ALL SELECT -id FROM telemetry_metric"
    f" UNION ALL SELECT {slices.key(0)} - id FROM telemetry_slice"
)


def delete_keyed(db: sqlite3.Connection, kind: str, key: int, limit: int) -> int:
    """Delete the oldest `limit` rows below `key`; error groups go with their last occurrence."""
    table = KEYED[kind]
    (last,) = db.execute(
        f"SELECT max(id) FROM (SELECT id FROM {table} WHERE id < ? ORDER BY id LIMIT ?)",
        (key, limit),
    ).fetchone()
    if last is None:
        return 0
    groups = []
    if kind == "errors":
        groups = db.execute(
            "SELECT DISTINCT error_id FROM telemetry_occurrence WHERE id <= ?", (last,)
        ).fetchall()
    gone = db.execute(f"DELETE FROM {table} WHERE id <= ?", (last,)).rowcount
    db.executemany(
        "DELETE FROM telemetry_error WHERE id = ? AND NOT EXISTS"
        " (SELECT 1 FROM telemetry_occurrence WHERE error_id = telemetry_error.id)",
        groups,
    )
    return gone


def has_older(db: sqlite3.Connection, prefix: tuple[int, int, int]) -> bool:
    """Whether a series has buckets from before a second: (resolution, series, second)."""
    found = db.execute(
        "SELECT 1 FROM telemetry_bucket WHERE resolution = ? AND series_id = ? AND start < ?"
        " LIMIT 1",
        prefix,
    )
    return found.fetchone() is not None


def delete_buckets(db: sqlite3.Connection, prefix: tuple[int, int, int], limit: int) -> int:
    """Delete the oldest `limit` rows of one series from before a second."""
    resolution, series, _ = prefix
    (last,) = db.execute(
        "SELECT max(start) FROM (SELECT start FROM telemetry_bucket"
        " WHERE resolution = ? AND series_id = ? AND start < ? ORDER BY start LIMIT ?)",
        (*prefix, limit),
    ).fetchone()
    if last is None:
        return 0
    return db.execute(
        "DELETE FROM telemetry_bucket WHERE resolution = ? AND series_id = ? AND start <= ?",
        (resolution, series, last),
    ).rowcount


def delete_quarantine(db: sqlite3.Connection, before: int, limit: int) -> int:
    """Delete those of the oldest `limit` rows that are from before a time in microseconds."""
    rows = db.execute(
        "SELECT id FROM (SELECT id, timestamp FROM telemetry_quarantine ORDER BY id LIMIT ?)"
        " WHERE timestamp < ?",
        (limit, before),
    ).fetchall()
    db.executemany("DELETE FROM telemetry_quarantine WHERE id = ?", rows)
    return len(rows)


def ended_processes(
    db: sqlite3.Connection, before: int, after: int, limit: int
) -> list[tuple[int, str]]:
    """(number, writer) of the next `limit` processes above `after` that ended before a time."""
    rows = db.execute(
        "SELECT id, writer FROM telemetry_process WHERE id > ? AND ended < ? ORDER BY id LIMIT ?",
        (after, before, limit),
    )
    return [(key, bytes(writer).hex()) for key, writer in rows]


def delete_process(db: sqlite3.Connection, process: int, limit: int) -> tuple[int, int]:
    """Delete `limit` segments of an ended process, then it: (processes, segments) that went."""
    segments = db.execute(
        "DELETE FROM telemetry_segment WHERE id IN (SELECT id FROM telemetry_segment"
        " WHERE process_id = ? AND removed LIMIT ?)",
        (process, limit),
    ).rowcount
    gone = db.execute(
        "DELETE FROM telemetry_process WHERE id = ? AND NOT EXISTS"
        " (SELECT 1 FROM telemetry_segment WHERE process_id = ?)",
        (process, process),
    ).rowcount
    return gone, segments
