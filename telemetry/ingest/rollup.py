"""Observations of one batch, added up before they reach the store."""

import sqlite3

from telemetry.ingest.histogram import index

RESOLUTIONS = (10, 60, 3600)
_FINEST = RESOLUTIONS[0]

_ADD_BUCKET = (
    "INSERT INTO telemetry_bucket"
    " (resolution, series_id, start, count, total, minimum, maximum, last)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (resolution, series_id, start) DO UPDATE SET"
    " count = count + excluded.count, total = total + excluded.total,"
    " minimum = min(minimum, excluded.minimum), maximum = max(maximum, excluded.maximum),"
    " last = excluded.last"
)
_ADD_HISTOGRAM = (
    "INSERT INTO telemetry_histogrambucket (resolution, series_id, start, idx, n)"
    " VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (resolution, series_id, start, idx) DO UPDATE SET n = n + excluded.n"
)


class Rollup:
    """Sums per series and interval. `time` is microseconds since the epoch."""

    def __init__(self) -> None:
        # (series, interval) → [count, total, minimum, maximum, last, time of last]
        self._buckets: dict[tuple[int, int], list[float]] = {}
        self._histograms: dict[tuple[int, int, int], int] = {}

    def add(self, series: int, time: int, value: float, *, distribution: bool) -> None:
        """Add one observation; `distribution` for a histogram's."""
        start = time // 1_000_000 // _FINEST * _FINEST
        found = self._buckets.get((series, start))
        if found is None:
            self._buckets[series, start] = [1, value, value, value, value, time]
        else:
            _merge(found, [1, value, value, value, value, time])
        if distribution:
            key = (series, start, index(value))
            self._histograms[key] = self._histograms.get(key, 0) + 1

    def write(self, db: sqlite3.Connection) -> None:
        """Add the sums to the store, at every resolution."""
        for resolution in RESOLUTIONS:
            self._coarsen(resolution)
            db.executemany(
                _ADD_BUCKET,
                (
                    (resolution, series, start, *values[:5])
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

    def _coarsen(self, resolution: int) -> None:
        buckets: dict[tuple[int, int], list[float]] = {}
        for (series, start), values in self._buckets.items():
            key = (series, start // resolution * resolution)
            if key in buckets:
                _merge(buckets[key], values)
            else:
                buckets[key] = values
        histograms: dict[tuple[int, int, int], int] = {}
        for (series, start, idx), n in self._histograms.items():
            wider = (series, start // resolution * resolution, idx)
            histograms[wider] = histograms.get(wider, 0) + n
        self._buckets, self._histograms = buckets, histograms


def _merge(into: list[float], other: list[float]) -> None:
    into[0] += other[0]
    into[1] += other[1]
    into[2] = min(into[2], other[2])
    into[3] = max(into[3], other[3])
    if other[5] >= into[5]:
        into[4:6] = other[4:6]
