"""Medians of paired figures, and how sure they are."""

import random
import statistics
from collections.abc import Callable, Sequence

DRAWS = 2_000


def interval(rows: Sequence[int], figure: Callable[[Sequence[int]], float]) -> tuple[float, float]:
    """Bootstrap interval, 95 %, of `figure` of some rows (rounds, pairs), given by their numbers.

    A row is drawn with all that was measured in it, so that figures of one row stay paired.
    """
    chance = random.Random(1)
    found = sorted(figure(chance.choices(rows, k=len(rows))) for _ in range(DRAWS))
    return found[int(DRAWS * 0.025)], found[int(DRAWS * 0.975)]


def median(values: Sequence[float]) -> Callable[[Sequence[int]], float]:
    """The median of the values of the rows that are drawn."""
    return lambda rows: statistics.median(values[row] for row in rows)


def ratio(above: Sequence[float], below: Sequence[float]) -> Callable[[Sequence[int]], float]:
    """The ratio of two medians of the rows that are drawn."""
    return lambda rows: median(above)(rows) / median(below)(rows)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them stay below, the nearest one there is."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
