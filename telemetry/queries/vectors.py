"""What `queries.histograms` tells, worked out by NumPy: many packed histograms in a few steps.

`np` is the module, which is imported at the first use and need not be installed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from telemetry.ingest import packed

# Bytes that are worked on at a time: with all that comes of them they stay in the nearer caches.
_CHUNK = 1 << 18
# A table with more than so many places for each word is left empty for the most part.
SPARSE = 16
FEW = 1_000


@dataclass(frozen=True, slots=True)
class Table:
    """A line for each histogram, a column for each `idx`, in order: `n`, sums of whole numbers,
    which are exact below 2**53."""

    idx: Any
    n: Any


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


def rows(np: Any, histograms: Sequence[bytes], width: int) -> Iterator[dict[int, int]]:
    """See `histograms.rows`."""
    for table in tables(np, histograms, width):
        lines, columns = np.nonzero(table.n)
        idx = table.idx[columns].tolist()
        n = table.n[lines, columns].astype(np.int64).tolist()
        begin = 0
        for end in np.searchsorted(lines, np.arange(1, len(table.n) + 1)).tolist():
            yield dict(zip(idx[begin:end], n[begin:end], strict=True))
            begin = end


def tables(np: Any, histograms: Sequence[bytes], width: int = 1) -> Iterator[Table]:
    """Of some histograms at a time, in their order; `idx` is of `width` buckets together."""
    for some in chunks(histograms):
        yield from _laid_out(np, some, width)


def chunks(histograms: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    if sum(map(len, histograms)) <= _CHUNK:
        yield histograms
        return
    first = size = 0
    for number, one in enumerate(histograms):
        size += len(one)
        if size > _CHUNK:
            yield histograms[first : number + 1]
            first, size = number + 1, 0
    if first < len(histograms):
        yield histograms[first:]


def _laid_out(np: Any, histograms: Sequence[bytes], width: int) -> Iterator[Table]:
    words = np.frombuffer(b"".join(histograms), dtype="<u4")
    lines, high = len(histograms), (words >> packed.IDX_SHIFT) // width
    low, highest = (int(high.min()), int(high.max())) if len(words) else (0, 0)
    most = SPARSE * len(words) + FEW
    if (highest - low + 1) * lines <= most:
        seen, column = np.arange(low, highest + 1), high - np.uint32(low)
    else:
        # Zeros are far from all others.
        seen, column = np.unique(high.astype(np.int64), return_inverse=True)
        if len(seen) * lines > most and lines > 1:
            yield from _laid_out(np, histograms[: lines // 2], width)
            yield from _laid_out(np, histograms[lines // 2 :], width)
            return
    sizes = sizes_of(np, histograms)
    places = np.repeat(np.arange(lines) * len(seen), sizes) + column
    n = np.bincount(places, weights=counts_of(np, words), minlength=lines * len(seen))
    yield Table(seen + packed.LOWEST // width, n.reshape(lines, len(seen)))


def sizes_of(np: Any, histograms: Sequence[bytes]) -> Any:
    """How many words each has."""
    return np.fromiter(map(len, histograms), np.int64) // packed.WORD


def counts_of(np: Any, words: Any) -> Any:
    n = words & packed.DIGIT_MASK
    exponents = words >> packed.DIGIT_BITS & packed.EXPONENT_MASK
    if exponents.any():
        return n.astype(np.int64) << exponents.astype(np.int64) * packed.DIGIT_BITS
    return n
