"""Observations of one batch, added up before they reach the store."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence

from telemetry.ingest import totals
from telemetry.ingest.floats import added
from telemetry.ingest.histogram import index

RESOLUTIONS = (10, 60, 3600, 86_400, 2_592_000)
_FINEST = RESOLUTIONS[0]
_FINEST_MICROSECONDS = _FINEST * 1_000_000

_ADD_BUCKET = (
    "INSERT INTO telemetry_bucket"
    " (resolution, series_id, start, count, total, minimum, maximum, last, last_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (resolution, series_id, start) DO UPDATE SET"
    # Infinity and minus infinity are no number, which would be NULL: `added`.
    " count = count + excluded.count, total = coalesce(total + excluded.total, total),"
    " minimum = min(minimum, excluded.minimum), maximum = max(maximum, excluded.maximum),"
    # The newest by its time, whichever batch or process it came with.
    " last = CASE WHEN excluded.last_at >= last_at THEN excluded.last ELSE last END,"
    " last_at = max(last_at, excluded.last_at)"
)
_ADD_HISTOGRAM = (
    "INSERT INTO telemetry_histogrambucket (resolution, series_id, start, idx, n)"
    " VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (resolution, series_id, start, idx) DO UPDATE SET n = n + excluded.n"
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
        self.counts: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
        self.timings: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
        # (series, interval) → [count, total, minimum, maximum, last, time of last]
        self._buckets: dict[tuple[int, int], list[float]] = {}
        self._histograms: dict[tuple[int, int, int], int] = {}

    def add(self, kind: str, series: int, time: int, value: float) -> None:
        """Add one observation of a counter ("c"), a histogram ("h") or a gauge ("g")."""
        key = (series, interval(time))
        if kind == "h":
            self.timings[key].append(value)
        elif kind == "c":
            self.counts[key].append(value)
        else:
            # Alone of the three it has a last value, by the time that it was set.
            _put(self._buckets, key, [1, value, value, value, value, time])

    def write(self, db: sqlite3.Connection) -> None:
        """Add the sums to the store, at each resolution."""
        self._sum_up()
        for resolution in self._resolutions:
            self._coarsen(resolution)
            db.executemany(
                _ADD_BUCKET,
                (
                    (resolution, series, start, *values[:5], _since(start, values[5]))
                    for (series, start), values in self._buckets.items()
                ),
            )
            db.executemany(
                _ADD_HISTOGRAM,
                (
                    (resolution, series, start, idx, n)
                    for (series, start, idx), n in self._histograms.items()
                ),
            )
        # Last: the fewest intervals are left now.
        totals.add(db, self._buckets, self._histograms)

    def _sum_up(self) -> None:
        for kept in (self.counts, self.timings):
            for key, values in kept.items():
                ends = [min(values), max(values)]
                _put(self._buckets, key, [len(values), sum(values), *ends, values[-1], 0])
        for (series, start), values in self.timings.items():
            for idx, n in Counter(map(index, values)).items():
                place = (series, start, idx)
                self._histograms[place] = self._histograms.get(place, 0) + n
        self.counts.clear()
        self.timings.clear()

    def _coarsen(self, resolution: int) -> None:
        buckets: dict[tuple[int, int], list[float]] = {}
        for (series, start), values in self._buckets.items():
            _put(buckets, (series, start // resolution * resolution), values)
        histograms: dict[tuple[int, int, int], int] = {}
        for (series, start, idx), n in self._histograms.items():
            wider = (series, start // resolution * resolution, idx)
            histograms[wider] = histograms.get(wider, 0) + n
        self._buckets, self._histograms = buckets, histograms


def _since(start: int, time: float) -> int:
    """Microseconds from a bucket's start to a gauge's last value; 0 for what is none."""
    return int(time) - start * 1_000_000 if time else 0


def _put(
    buckets: dict[tuple[int, int], list[float]], key: tuple[int, int], values: list[float]
) -> None:
    found = buckets.get(key)
    if found is None:
        buckets[key] = values
    else:
        _merge(found, values)


def _merge(into: list[float], other: list[float]) -> None:
    into[0] += other[0]
    into[1] = added(into[1], other[1])
    into[2] = min(into[2], other[2])
    into[3] = max(into[3], other[3])
    if other[5] >= into[5]:
        into[4:6] = other[4:6]
