"""Sums of what a program observed, which may be the largest floats there are."""

import math


def added(one: float, other: float) -> float:
    """The sum; where both have passed the largest float, in two directions, it stays the first."""
    total = one + other
    return one if math.isnan(total) else total
