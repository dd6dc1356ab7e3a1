"""Base-2 exponential histogram buckets at scale 5, as OpenTelemetry and Prometheus have them."""

import math
from bisect import bisect_left
from decimal import ROUND_FLOOR, Context, Decimal

SCALE = 5
# Zero and less have no logarithm: they share one bucket, below that of the smallest float, -34,368.
ZERO_INDEX = -40_000
_PER_DOUBLING = 1 << SCALE


def _bounds() -> list[float]:
    """The upper bounds of the buckets of [1/2, 1): the largest floats not above 2^(n/32 - 1)."""
    exact = Context(prec=40, rounding=ROUND_FLOOR)
    bounds = []
    for n in range(_PER_DOUBLING + 1):
        power = exact.power(Decimal(2), Decimal(n) / _PER_DOUBLING - 1)
        nearest = float(power)
        bounds.append(nearest if Decimal(nearest) <= power else math.nextafter(nearest, 0))
    # These two are floats themselves, and have to be exact.
    bounds[0], bounds[-1] = 0.5, 1.0
    return bounds


_BOUNDS = _bounds()


def index(value: float) -> int:
    """The bucket of a value: `(b^(index-1), b^index]` with `b = 2^(1/32)`, exactly."""
    if value <= 0:
        return ZERO_INDEX
    # Compared with the bounds, not by log2: beside a bound its rounding gives the next bucket.
    fraction, exponent = math.frexp(value)
    return (exponent - 1) * _PER_DOUBLING + bisect_left(_BOUNDS, fraction)
