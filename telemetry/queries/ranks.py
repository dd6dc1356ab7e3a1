"""Quantiles of many packed histograms, ranked by NumPy in a few steps; see `queries.histograms`.

`np` is the module, which is imported at the first use and need not be installed.
"""

import functools
import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

from telemetry.ingest import packed
from telemetry.queries import vectors
from telemetry.queries.quantiles import RANK_SLACK, middle

# Buckets that are one in a first look; a power of two.
_COARSE = 16


def quantiles(
    np: Any,
    histograms: Sequence[bytes],
    shares: Sequence[float],
    within: Sequence[tuple[float, float]],
    *,
    together: bool,
) -> list[list[float | None]]:
    """See `histograms.quantiles`."""
    if not histograms or not shares:
        return [[None for _ in shares] for _ in range(len(histograms) + together)]
    ranked = [_ranked(np, some, shares) for some in vectors.chunks(histograms)]
    ends = np.fromiter(chain.from_iterable(within), float).reshape(-1, 2)
    if together:
        ranked.append(_of_all(np, histograms, shares))
        ends = np.concatenate((ends, [[ends[:, 0].min(), ends[:, 1].max()]]))
    # Without observations it may be anything, but for a bucket that no float is in.
    every = np.concatenate([every for _, every in ranked])
    idx = np.where(every > 0, np.concatenate([idx for idx, _ in ranked], axis=1), 0)
    values = _middles(np, idx).clip(ends[:, 0], ends[:, 1])
    told: list[list[float | None]] = values.T.tolist()
    for silent in np.flatnonzero(every == 0).tolist():
        told[silent] = [None for _ in shares]
    return told


def _ranked(np: Any, histograms: Sequence[bytes], shares: Sequence[float]) -> tuple[Any, Any]:
    """In which bucket each share lies, a row for each, and how many observations there are.

    In two steps, as most words need no exact place: in which coarse bucket, then where in it.
    """
    words = np.frombuffer(b"".join(histograms), dtype="<u4")
    if not len(words):
        return np.zeros((len(shares), len(histograms)), int), np.zeros(len(histograms))
    idx, n = words >> packed.IDX_SHIFT, vectors.counts_of(np, words)
    coarse, fine = idx // _COARSE, idx & _COARSE - 1
    is_seen = np.bincount(coarse) > 0
    seen, lines = np.flatnonzero(is_seen), len(histograms)
    if lines * len(seen) > vectors.SPARSE * len(words) + vectors.FEW:
        return _by_order(np, histograms, shares)
    # A line of cells for each histogram, a column for each coarse bucket.
    sizes = vectors.sizes_of(np, histograms)
    column = (np.cumsum(is_seen) - 1)[coarse]
    cells = np.repeat(np.arange(lines) * len(seen), sizes) + column
    below = np.cumsum(np.bincount(cells, weights=n, minlength=lines * len(seen)))
    before, every = _spans(np, below[len(seen) - 1 :: len(seen)])
    goals = before + _ranks(np, every, shares)
    # Behind the last one where there are no observations.
    found = np.minimum(np.searchsorted(below, goals), len(below) - 1)
    is_found = np.zeros(len(below), dtype=bool)
    is_found[found] = True
    chosen = np.flatnonzero(is_found[cells])
    number = (np.cumsum(is_found) - 1) * _COARSE
    places = number[cells[chosen]] + fine[chosen]
    within = np.bincount(places, weights=n[chosen], minlength=number[-1] + _COARSE)
    within = np.concatenate(([0], np.cumsum(within)))
    first = number[found]
    goals += within[first] - np.concatenate(([0], below))[found]
    place = (np.searchsorted(within[1:], goals) - first).clip(0, _COARSE - 1)
    return seen[found % len(seen)] * _COARSE + place, every


def _of_all(np: Any, histograms: Sequence[bytes], shares: Sequence[float]) -> tuple[Any, Any]:
    words = np.frombuffer(b"".join(histograms), dtype="<u4")
    below = np.cumsum(
        np.bincount(words >> packed.IDX_SHIFT, vectors.counts_of(np, words), minlength=1)
    )
    return np.searchsorted(below, _ranks(np, below[-1:], shares)), below[-1:]


def _by_order(np: Any, histograms: Sequence[bytes], shares: Sequence[float]) -> tuple[Any, Any]:
    """Of many small ones, whose tables would be empty for the most part: word by word."""
    sizes = vectors.sizes_of(np, histograms)
    words = np.frombuffer(b"".join(histograms), dtype="<u4")
    numbers = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes)
    words = np.sort(numbers << np.uint64(32) | words).astype(np.uint32)
    below = np.concatenate(([0], np.cumsum(vectors.counts_of(np, words), dtype=np.int64)))
    before, every = _spans(np, below[np.cumsum(sizes)])
    places = np.searchsorted(below[1:], before + _ranks(np, every, shares))
    # Behind the last one where there are no observations.
    return np.append(words, 0)[places] >> packed.IDX_SHIFT, every


def _spans(np: Any, ends: Any) -> tuple[Any, Any]:
    """How many observations lie before each line, and in it."""
    before = np.concatenate(([0], ends[:-1]))
    return before, ends - before


def _ranks(np: Any, every: Any, shares: Sequence[float]) -> Any:
    """A row for each share."""
    wanted = np.ceil(every * np.array(shares)[:, None] * RANK_SLACK)
    return np.maximum(wanted.astype(np.int64), 1)


def _middles(np: Any, idx: Any) -> Any:
    known = _known_middles(np)
    values = known[idx]
    if (is_new := np.isnan(values)).any():
        for one in set(idx[is_new].tolist()):
            known[one] = middle(one + packed.LOWEST)
        values = known[idx]
    return values


@functools.cache
def _known_middles(np: Any) -> Any:
    """`quantiles.middle` of each bucket that was asked for; NaN for the others."""
    return np.full(1 << 32 - packed.IDX_SHIFT, math.nan)
