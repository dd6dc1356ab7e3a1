"""Numbers for texts, metrics and series: found or made inside the batch's transaction."""

import json
import sqlite3

_CACHE_LIMIT = 50_000


class Names:
    """Caches what the store has. `forget` after a rollback: the numbers given out are void then."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._metrics: dict[str, int] = {}
        self._series: dict[tuple[str, str], int] = {}

    def forget(self) -> None:
        """Read everything from the store again."""
        self._names.clear()
        self._metrics.clear()
        self._series.clear()

    def name(self, db: sqlite3.Connection, value: str) -> int:
        """The number of a text."""
        found = self._names.get(value)
        if found is None:
            if len(self._names) >= _CACHE_LIMIT:
                self._names.clear()
            found = self._names[value] = _find_or_make(
                db,
                "SELECT id FROM telemetry_name WHERE value = ?",
                "INSERT INTO telemetry_name (value) VALUES (?)",
                (value,),
            )
        return found

    def declare(self, db: sqlite3.Connection, name: str, kind: str, unit: str, text: str) -> None:
        """Store what a metric is; the newest declaration stands."""
        db.execute(
            "INSERT INTO telemetry_metric (name, type, unit, help) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET"
            " type = excluded.type, unit = excluded.unit, help = excluded.help",
            (name, kind, unit, text),
        )

    def series(self, db: sqlite3.Connection, kind: str, name: str, labels: dict[str, str]) -> int:
        """The number of a metric with one set of labels."""
        text = json.dumps(labels, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        found = self._series.get((name, text))
        if found is None:
            if len(self._series) >= _CACHE_LIMIT:
                self._series.clear()
            found = self._series[name, text] = _find_or_make(
                db,
                "SELECT id FROM telemetry_series WHERE metric_id = ? AND labels = ?",
                "INSERT INTO telemetry_series (metric_id, labels) VALUES (?, ?)",
                (self._metric(db, kind, name), text),
            )
        return found

    def _metric(self, db: sqlite3.Connection, kind: str, name: str) -> int:
        found = self._metrics.get(name)
        if found is None:
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
