"""What ingest remembers of the store: numbers for texts, metrics and series, and bound fields.

Numbers are found or made inside the batch's transaction.
"""

import json
import math
import sqlite3
from typing import Any

from telemetry.conf import settings
from telemetry.ingest import builtin, slices
from telemetry.ingest.pairs import Pairs

_CACHE_LIMIT = 50_000
# Units whose records were seen and whose end was not.
_BOUND_LIMIT = 20_000
# Names are never deleted. What a stranger can write (user agents), or a program (SQL), is stored as
# text beyond so many.
SHARED_LIMIT = 100_000
# What a metric's observations are labelled with that came when it had all its series.
OVERFLOW = {"otel_metric_overflow": "true"}
_FIND_NAME = "SELECT id FROM telemetry_name WHERE value = ?"
_MAKE_NAME = "INSERT INTO telemetry_name (value) VALUES (?)"
_FIND_SERIES = "SELECT id FROM telemetry_series WHERE metric_id = ? AND labels = ?"
_MAKE_SERIES = "INSERT INTO telemetry_series (metric_id, labels) VALUES (?, ?)"
_COUNT_SERIES = "SELECT count(*) FROM telemetry_series WHERE metric_id = ? AND labels <> ?"


# SQLite stores NaN as NULL. The driver would look for an adapter for None (and for bytes, not for
# bytearray), which takes longer than the insert itself.
NULL = math.nan


class Numbers(dict[str | None, float]):
    """Text → its number, found or made in `db` where it is not known yet; None → NULL."""

    db: sqlite3.Connection

    def __missing__(self, value: str | None) -> float:
        if value is None:
            return NULL
        if len(self) >= _CACHE_LIMIT:
            self.clear()
        found = self[value] = _find_or_make(self.db, _FIND_NAME, _MAKE_NAME, (value,))
        return found


class Names:
    """Caches what the store has. `forget` after a rollback: the numbers given out are void then."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        self._metrics: dict[str, int] = {}
        self._series: dict[tuple[Any, ...], int] = {}
        # Metric → how many series it may still have.
        self._room: dict[int, int] = {}
        self.pairs = Pairs(self)
        self._bound: dict[str, dict[str, Any]] = {}

    def forget(self) -> None:
        """Read everything from the store again."""
        self.numbers.clear()
        self._metrics.clear()
        self._series.clear()
        self._room.clear()
        self.pairs.clear()
        self._bound.clear()

    def name(self, db: sqlite3.Connection, value: str) -> int:
        """The number of a text."""
        self.numbers.db = db
        return int(self.numbers[value])

    def shared(self, value: str) -> float | None:
        """The number of a text of which there may be very many; None when there are too many."""
        if value not in self.numbers:
            db = self.numbers.db
            row = db.execute(_FIND_NAME, (value,)).fetchone()
            if row is None and _last_name(db) >= SHARED_LIMIT:
                return None
        return self.numbers[value]

    def news(self, uid: str, bound: dict[str, Any]) -> dict[str, Any] | None:
        """The fields bound to a unit where they are not what its record before had, else None."""
        known = self._bound.get(uid)
        if bound == known if known is not None else not bound:
            return None
        if len(self._bound) >= _BOUND_LIMIT:
            self._bound.clear()
        self._bound[uid] = bound
        return bound

    def ended(self, uid: str) -> None:
        """A unit is over: no more records of it are expected."""
        self._bound.pop(uid, None)

    def declare(self, db: sqlite3.Connection, name: str, kind: str, unit: str, text: str) -> None:
        """Store what a metric is; the newest declaration stands."""
        row = db.execute("SELECT id, type FROM telemetry_metric WHERE name = ?", (name,)).fetchone()
        if row is not None and row[1] != kind:
            slices.close(db, row[0])
        db.execute(
            "INSERT INTO telemetry_metric (name, type, unit, help) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET"
            " type = excluded.type, unit = excluded.unit, help = excluded.help",
            (name, kind, unit, text),
        )

    def series(self, db: sqlite3.Connection, kind: str, name: str, labels: dict[str, str]) -> int:
        """The number of a metric with one set of labels.

        Of a set that is new when the metric has METRIC_SERIES_MAX others, its overflow series'.
        """
        key = (name, *labels.items())
        found = self._series.get(key)
        if found is None:
            metric = self._metric(db, kind, name)
            found = self._find_series(db, metric, labels)
            if found is None:
                # Not remembered by these labels, of which there may be any number.
                return self.series(db, kind, name, OVERFLOW)
            if len(self._series) >= _CACHE_LIMIT:
                self._series.clear()
            self._series[key] = found
        return found

    def _find_series(
        self, db: sqlite3.Connection, metric: int, labels: dict[str, str]
    ) -> int | None:
        """Found or made; None where there is no room for it."""
        key = (metric, _as_text(labels))
        row = db.execute(_FIND_SERIES, key).fetchone()
        if row is not None:
            return int(row[0])
        if labels != OVERFLOW:
            if metric not in self._room:
                (used,) = db.execute(_COUNT_SERIES, (metric, _as_text(OVERFLOW))).fetchone()
                self._room[metric] = settings.METRIC_SERIES_MAX - used
            if self._room[metric] <= 0:
                return None
            self._room[metric] -= 1
        made = int(db.execute(_MAKE_SERIES, key).lastrowid or 0)
        if labels != OVERFLOW:
            slices.join(db, metric, made, labels, _as_text(OVERFLOW))
        return made

    def _metric(self, db: sqlite3.Connection, kind: str, name: str) -> int:
        found = self._metrics.get(name)
        if found is None:
            known = builtin.METRICS.get(name)
            if known is not None:
                self.declare(db, name, *known)
            else:
                db.execute(
                    "INSERT INTO telemetry_metric (name, type, unit, help) VALUES (?, ?, '', '')"
                    " ON CONFLICT (name) DO NOTHING",
                    (name, kind),
                )
            (found,) = db.execute(
                "SELECT id FROM telemetry_metric WHERE name = ?", (name,)
            ).fetchone()
            self._metrics[name] = found
        return found


def _find_or_make(db: sqlite3.Connection, find: str, make: str, key: tuple[object, ...]) -> int:
    row = db.execute(find, key).fetchone()
    if row is not None:
        return int(row[0])
    return int(db.execute(make, key).lastrowid or 0)


def _as_text(labels: dict[str, str]) -> str:
    return json.dumps(labels, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _last_name(db: sqlite3.Connection) -> int:
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM telemetry_name").fetchone()
    return int(last)
