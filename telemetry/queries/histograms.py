"""Many packed histograms at once: their quantiles, and how many observations lie below a bound.

With NumPy, where it is installed, in a third to a tenth of the time; what is told is the same.
"""

import functools
from collections.abc import Mapping, Sequence
from types import ModuleType

from telemetry.ingest import packed
from telemetry.queries import vectors
from telemetry.queries.quantiles import quantile


def quantiles(
    histograms: Sequence[bytes], shares: Sequence[float], *, together: bool = False
) -> list[list[float | None]]:
    """Each histogram's quantiles, as `quantiles.quantile` tells them; None without observations.

    `together`: at the end those of all histograms merged.
    """
    bags = [*histograms, b"".join(histograms)] if together else histograms
    numpy = _numpy()
    if numpy is not None:
        return vectors.quantiles(numpy, bags, shares)
    return [[quantile(one, q) for q in shares] for one in map(packed.unpack, bags)]


def at_most(histograms: Sequence[bytes], bounds: Sequence[Sequence[int]]) -> list[list[int]]:
    """How many observations of each histogram are in buckets up to each of its own `bounds`."""
    numpy = _numpy()
    if numpy is not None:
        return vectors.at_most(numpy, histograms, bounds)
    merged = map(packed.unpack, histograms)
    return [
        [sum(n for idx, n in one.items() if idx <= bound) for bound in own]
        for one, own in zip(merged, bounds, strict=True)
    ]


def rows(histograms: Sequence[bytes], width: int) -> list[Mapping[int, int]]:
    """How many observations of each histogram are in `width` buckets together: `{idx // width: n}`,
    in order. `width` is a power of two, 65,536 at most."""
    found: list[dict[int, int]] = [{} for _ in histograms]
    numpy = _numpy()
    if numpy is not None:
        for number, row, n in vectors.rows(numpy, histograms, width):
            found[number][row] = n
        return list(found)
    for counted, one in zip(found, histograms, strict=True):
        for idx, n in packed.unpack(one).items():
            counted[idx // width] = counted.get(idx // width, 0) + n
    return list(found)


@functools.cache
def _numpy() -> ModuleType | None:
    """Imported at the first use: a process that only answers requests has no need of it."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy
