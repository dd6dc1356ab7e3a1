"""What `queries.histograms` tells, worked out by NumPy: many packed histograms in a few steps.

`np` is the module, which is imported at the first use and need not be installed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from telemetry.ingest import packed
from telemetry.queries.quantiles import RANK_SLACK, middle

# Bytes that are worked on at a time: with all that comes of them they stay in the nearer caches.
_CHUNK = 1 << 18
# A table with more than so many places for each word is left empty for the most part.
_SPARSE = 16
_FEW = 1_000
# Bytes a histogram, on average, that make it a small one.
_SMALL = 256


@dataclass(frozen=True, slots=True)
class Table:
    """A line for each histogram, a column for each `idx`, in order: `n`, sums of whole numbers,
    which are exact below 2**53."""

    idx: Any
    n: Any


def quantiles(
    np: Any, histograms: Sequence[bytes], shares: Sequence[float]
) -> list[list[float | None]]:
    """See `histograms.quantiles`."""
    if sum(map(len, histograms)) < _SMALL * len(histograms):
        return _by_order(np, histograms, shares)
    return [row for table in tables(np, histograms) for row in _by_table(np, table, shares)]


def at_most(
    np: Any, histograms: Sequence[bytes], bounds: Sequence[Sequence[int]]
) -> list[list[int]]:
    """See `histograms.at_most`."""
    told: list[list[int]] = []
    for table in tables(np, histograms):
        for below in np.cumsum(table.n, axis=1):
            columns = np.searchsorted(table.idx, bounds[len(told)], side="right")
            told.append([int(below[column - 1]) if column else 0 for column in columns])
    return told


def rows(np: Any, histograms: Sequence[bytes], width: int) -> Iterator[tuple[int, int, int]]:
    """See `histograms.rows`: the histogram's number, `idx // width`, n."""
    first = 0
    for table in tables(np, histograms, width):
        lines, columns = np.nonzero(table.n)
        n = table.n[lines, columns].astype(np.int64)
        found = (lines + first).tolist(), table.idx[columns].tolist(), n.tolist()
        yield from zip(*found, strict=True)
        first += len(table.n)


def tables(np: Any, histograms: Sequence[bytes], width: int = 1) -> Iterator[Table]:
    """Of some histograms at a time, in their order; `idx` is of `width` buckets together."""
    first = size = 0
    for number, one in enumerate(histograms):
        size += len(one)
        if size > _CHUNK:
            yield from _laid_out(np, histograms[first : number + 1], width)
            first, size = number + 1, 0
    if first < len(histograms):
        yield from _laid_out(np, histograms[first:], width)


def _laid_out(np: Any, histograms: Sequence[bytes], width: int) -> Iterator[Table]:
    words = np.frombuffer(b"".join(histograms), dtype="<u4")
    lines, high = len(histograms), (words >> packed.IDX_SHIFT) // width
    low, highest = (int(high.min()), int(high.max())) if len(words) else (0, 0)
    most = _SPARSE * len(words) + _FEW
    if (highest - low + 1) * lines <= most:
        seen, column = np.arange(low, highest + 1), high - np.uint32(low)
    else:
        # Zeros are far from all others.
        seen, column = np.unique(high.astype(np.int64), return_inverse=True)
        if len(seen) * lines > most and lines > 1:
            yield from _laid_out(np, histograms[: lines // 2], width)
            yield from _laid_out(np, histograms[lines // 2 :], width)
            return
    sizes = [len(one) // packed.WORD for one in histograms]
    places = np.repeat(np.arange(lines) * len(seen), sizes) + column
    n = np.bincount(places, weights=_counts(np, words), minlength=lines * len(seen))
    yield Table(seen + packed.LOWEST // width, n.reshape(lines, len(seen)))


def _by_table(np: Any, table: Table, shares: Sequence[float]) -> list[list[float | None]]:
    # Through all lines, so that one search finds the places of all.
    below = np.cumsum(table.n.ravel())
    width = len(table.idx)
    ends = below[width - 1 :: width]
    before = np.concatenate(([0], ends[:-1]))
    every = ends - before
    middles = [middle(idx) for idx in table.idx.tolist()]
    columns = []
    for share in shares:
        places = np.searchsorted(below, before + _ranks(np, every, share)) % width
        columns.append([middles[place] for place in places.tolist()])
    return _lines(columns, every)


def _by_order(
    np: Any, histograms: Sequence[bytes], shares: Sequence[float]
) -> list[list[float | None]]:
    """Of many small ones, whose tables would be empty for the most part: word by word."""
    sizes = np.array([len(one) // packed.WORD for one in histograms], dtype=np.int64)
    words = np.frombuffer(b"".join(histograms), dtype="<u4")
    numbers = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes)
    words = np.sort(numbers << np.uint64(32) | words).astype(np.uint32)
    below = np.concatenate(([0], np.cumsum(_counts(np, words), dtype=np.int64)))
    ends = below[np.cumsum(sizes)]
    before = np.concatenate(([0], ends[:-1]))
    every = ends - before
    columns = []
    for share in shares:
        places = np.searchsorted(below[1:], before + _ranks(np, every, share))
        # Behind the last one where there are no observations.
        found = np.append(words, 0)[places] >> packed.IDX_SHIFT
        distinct, place = np.unique(found, return_inverse=True)
        middles = [middle(idx + packed.LOWEST) for idx in distinct.tolist()]
        columns.append([middles[one] for one in place.tolist()])
    return _lines(columns, every)


def _ranks(np: Any, every: Any, share: float) -> Any:
    return np.maximum(np.ceil(every * share * RANK_SLACK).astype(np.int64), 1)


def _lines(columns: Sequence[Sequence[float]], every: Any) -> list[list[float | None]]:
    return [
        [column[line] if n else None for column in columns] for line, n in enumerate(every.tolist())
    ]


def _counts(np: Any, words: Any) -> Any:
    n = words & packed.DIGIT_MASK
    exponents = words >> packed.DIGIT_BITS & packed.EXPONENT_MASK
    if exponents.any():
        return n.astype(np.int64) << exponents.astype(np.int64) * packed.DIGIT_BITS
    return n
