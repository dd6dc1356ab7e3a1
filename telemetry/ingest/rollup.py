"""Observations of one batch, added up before they reach the store."""
# Numbers are constants of this module.
# ruff: noqa: S608

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence

from telemetry.ingest import slices, totals
from telemetry.ingest.histogram import index
from telemetry.ingest.resolutions import RESOLUTIONS, WHOLE
from telemetry.ingest.sums import Key, Sums

_FINEST = RESOLUTIONS[0]
_FINEST_MICROSECONDS = _FINEST * 1_000_000
# Bytes of a histogram from which on it is packed anew: longer rows go on in pages of their own.
_LONG = 640

_ADD = (
    "INSERT INTO telemetry_bucket"
    " (resolution, series_id, start, count, total, minimum, maximum, last, last_at, histogram)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (resolution, series_id, start) DO UPDATE SET"
    # Infinity and minus infinity are no number, which would be NULL: `added`.
    " count = count + excluded.count, total = coalesce(total + excluded.total, total),"
    " minimum = min(minimum, excluded.minimum), maximum = max(maximum, excluded.maximum),"
    # The newest by its time, whichever batch or process it came with.
    " last = CASE WHEN excluded.last_at >= last_at THEN excluded.last ELSE last END,"
    " last_at = max(last_at, excluded.last_at),"
    # Two histograms are one when they stand behind each other; NULL stays NULL.
    f" histogram = CASE WHEN length(histogram) >= {_LONG}"
    " THEN histogram_merged(histogram, excluded.histogram)"
    " ELSE CAST(histogram || excluded.histogram AS BLOB) END"
)
# What each series is added up in beside: its whole metric, by minus its number, and its slices. A
# gauge in none: its series' values do not add up over time.
_MERGED = (
    "WITH chosen AS MATERIALIZED (SELECT value AS id FROM json_each(?))"
    " SELECT s.id, -s.metric_id FROM chosen CROSS JOIN telemetry_series s USING (id)"
    " JOIN telemetry_metric m ON m.id = s.metric_id WHERE m.type <> 'g'"
    f" UNION ALL SELECT series_id, {slices.key(0)} - slice_id"
    " FROM chosen CROSS JOIN telemetry_slicemember ON series_id = chosen.id"
)


def interval(time: int) -> int:
    """The second in which the finest interval of a time in microseconds begins."""
    return time // _FINEST_MICROSECONDS * _FINEST


class Rollup:
    """Sums per series and interval. `time` is microseconds since the epoch.

    `resolutions` are those to write, each a multiple of the one before.

    `counts` and `timings` are the increments of counters and the observations of histograms by
    (series, start of the finest interval), as they came: a list costs the least to add to.
    """

    def __init__(self, resolutions: Sequence[int] = RESOLUTIONS) -> None:
        self._resolutions = resolutions
        self.counts: defaultdict[Key, list[float]] = defaultdict(list)
        self.timings: defaultdict[Key, list[float]] = defaultdict(list)
        self._sums = Sums()

    def add(self, kind: str, series: int, time: int, value: float) -> None:
        """Add one observation of a counter ("c"), a histogram ("h") or a gauge ("g")."""
        key = (series, interval(time))
        if kind == "h":
            self.timings[key].append(value)
        elif kind == "c":
            self.counts[key].append(value)
        else:
            # Alone of the three it has a last value, by the time that it was set.
            self._sums.put(key, [1, value, value, value, value, time])

    def write(self, db: sqlite3.Connection) -> None:
        """Add the sums to the store, at each resolution."""
        self._sum_up()
        merged: Sums | None = None
        for resolution in self._resolutions:
            self._sums = self._sums.wider(resolution)
            _add(db, resolution, self._sums)
            if resolution >= WHOLE:
                merged = self._merged(db) if merged is None else merged.wider(resolution)
                _add(db, resolution, merged)
        # Last: the fewest intervals are left now.
        totals.add(db, self._sums.buckets, self._sums.histograms)

    def _merged(self, db: sqlite3.Connection) -> Sums:
        """The sums of what series are added up in beside."""
        into: defaultdict[int, list[int]] = defaultdict(list)
        if self._sums.buckets:
            series = json.dumps(list({series for series, _ in self._sums.buckets}))
            for one, merged in db.execute(_MERGED, (series,)):
                into[one].append(merged)
        return self._sums.together(into)

    def _sum_up(self) -> None:
        for kept in (self.counts, self.timings):
            for key, values in kept.items():
                ends = [min(values), max(values)]
                self._sums.put(key, [len(values), sum(values), *ends, values[-1], 0])
        for key, values in self.timings.items():
            self._sums.fall(key, dict(Counter(map(index, values))))
        self.counts.clear()
        self.timings.clear()


def _add(db: sqlite3.Connection, resolution: int, sums: Sums) -> None:
    packs = sums.packs()
    db.executemany(
        _ADD,
        (
            (resolution, *key, *did[:5], _since(key[1], did[5]), packs.get(key))
            for key, did in sums.buckets.items()
        ),
    )


def _since(start: int, time: float) -> int:
    """Microseconds from a bucket's start to a gauge's last value; 0 for what is none."""
    return int(time) - start * 1_000_000 if time else 0
