"""Slices: all series of a metric that have one value of a label, whatever the others, added up.

What a chart by status reads is then a bucket for each status and step, however many routes there
are. There are slices of labels with few values, of counters and histograms whose series all have
the same labels, two at least.
"""

import json
import sqlite3

from telemetry.ingest.resolutions import MERGED

# Values of a label: one with more has none.
LIMIT = 64
# Before them lie the keys of whole metrics.
_FIRST = 1 << 40

_KIND = "SELECT type FROM telemetry_metric WHERE id = ?"
_OTHER = (
    "SELECT labels, EXISTS (SELECT 1 FROM telemetry_slicemember WHERE series_id = s.id)"
    " FROM telemetry_series s WHERE metric_id = ? AND id <> ? AND labels <> ? LIMIT 1"
)
_IS_CLOSED = "SELECT 1 FROM telemetry_slice WHERE metric_id = ? AND label = ? AND value IS NULL"
_FIND = "SELECT id FROM telemetry_slice WHERE metric_id = ? AND label = ? AND value = ?"
_ALL = "SELECT id FROM telemetry_slice WHERE metric_id = ? AND label = ?"
_LABELS = "SELECT DISTINCT label FROM telemetry_slice WHERE metric_id = ?"
_MAKE = "INSERT INTO telemetry_slice (metric_id, label, value) VALUES (?, ?, ?)"
_JOIN = "INSERT INTO telemetry_slicemember (series_id, slice_id) VALUES (?, ?)"
_DROP = (
    "DELETE FROM telemetry_slicemember WHERE slice_id = ?",
    "DELETE FROM telemetry_slice WHERE id = ?",
)
_DROP_BUCKETS = "DELETE FROM telemetry_bucket WHERE resolution = ? AND series_id = ?"


def key(number: int) -> int:
    """What a slice's buckets have in place of a series' number."""
    return -_FIRST - number


def join(
    db: sqlite3.Connection, metric: int, series: int, labels: dict[str, str], overflow: str
) -> None:
    """Make a new series a member of the slices of its labels.

    `overflow` are the labels, as text, of the one series that is in none. A label that gets too
    many values, and all of a metric whose series differ in what they are labelled with, or that was
    a gauge before, lose theirs for good: what is there is always whole.
    """
    (kind,) = db.execute(_KIND, (metric,)).fetchone()
    if kind == "g":
        return
    row = db.execute(_OTHER, (metric, series, overflow)).fetchone()
    others, has_slices = (labels, True) if row is None else (json.loads(row[0]), row[1])
    if others.keys() != labels.keys() or (len(labels) > 1 and not has_slices):
        for label in {**others, **labels}:
            _close(db, metric, label)
    elif len(labels) > 1:
        for label, value in labels.items():
            if db.execute(_IS_CLOSED, (metric, label)).fetchone() is None:
                _add(db, metric, series, label, value)


def close(db: sqlite3.Connection, metric: int) -> None:
    """A metric is of another type from now on: what it has is not whole any more."""
    labels = db.execute(_LABELS, (metric,)).fetchall()
    for (label,) in labels:
        _close(db, metric, label)


def _add(db: sqlite3.Connection, metric: int, series: int, label: str, value: str) -> None:
    row = db.execute(_FIND, (metric, label, value)).fetchone()
    if row is None:
        if len(db.execute(_ALL, (metric, label)).fetchall()) >= LIMIT:
            _close(db, metric, label)
            return
        row = (db.execute(_MAKE, (metric, label, value)).lastrowid,)
    db.execute(_JOIN, (series, row[0]))


def _close(db: sqlite3.Connection, metric: int, label: str) -> None:
    if db.execute(_IS_CLOSED, (metric, label)).fetchone():
        return
    for (number,) in db.execute(_ALL, (metric, label)).fetchall():
        for statement in _DROP:
            db.execute(statement, (number,))
        db.executemany(_DROP_BUCKETS, [(one, key(number)) for one in MERGED])
    db.execute(_MAKE, (metric, label, None))
