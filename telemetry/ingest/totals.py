"""What each series did since the store was made: what `/metrics` tells. Retention keeps it.

Added to in the batch's own transaction, so that a scraper sees each observation once, whatever
crashed in between.
"""

import sqlite3
from collections.abc import Mapping

from telemetry.ingest.floats import added

_ADD = (
    "INSERT INTO telemetry_seriestotal (series_id, count, total, last, heard)"
    " VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (series_id) DO UPDATE SET"
    # Infinity and minus infinity are no number, which would be NULL.
    " count = count + excluded.count, total = coalesce(total + excluded.total, total),"
    # Processes are read one after another: what comes later may be older.
    " last = iif(excluded.heard >= heard, excluded.last, last), heard = max(heard, excluded.heard)"
)
_ADD_HISTOGRAM = (
    "INSERT INTO telemetry_histogramtotal (series_id, power, n) VALUES (?, ?, ?)"
    " ON CONFLICT (series_id, power) DO UPDATE SET n = n + excluded.n"
)
_PER_DOUBLING = 32


def add(
    db: sqlite3.Connection,
    buckets: Mapping[tuple[int, int], list[float]],
    histograms: Mapping[tuple[int, int], Mapping[int, int]],
) -> None:
    """Add a batch: (series, interval) → [count, total, minimum, maximum, last, time of last in µs],
    and (series, interval) → {idx: n}."""
    sums: dict[int, list[float]] = {}
    for (series, _), (count, total, _, _, *newest) in buckets.items():
        known = sums.get(series)
        if known is None:
            sums[series] = [count, total, *newest]
            continue
        known[0] += count
        known[1] = added(known[1], total)
        if newest[1] >= known[3]:
            known[2:] = newest
    powers: dict[tuple[int, int], int] = {}
    for (series, _), counts in histograms.items():
        for idx, n in counts.items():
            place = (series, power(idx))
            powers[place] = powers.get(place, 0) + n
    db.executemany(_ADD, ((series, *values) for series, values in sums.items()))
    db.executemany(_ADD_HISTOGRAM, ((*place, n) for place, n in powers.items()))


def power(idx: int) -> int:
    """The power of two that bounds a bucket: its own bound, or the next above."""
    return -(-idx // _PER_DOUBLING)
