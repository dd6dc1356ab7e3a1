"""Base-2 exponential histogram buckets at scale 5, as OpenTelemetry and Prometheus have them."""

import math

SCALE = 5
# Zero and less have no logarithm: they share one bucket below every other.
ZERO_INDEX = -2_000
_PER_DOUBLING = 1 << SCALE


def index(value: float) -> int:
    """The bucket of a value: `(b^(index-1), b^index]` with `b = 2^(1/32)`."""
    if value <= 0:
        return ZERO_INDEX
    fraction, exponent = math.frexp(value)
    # frexp keeps powers of two exact, where log2 of a value just above one may round down to it.
    return exponent * _PER_DOUBLING + math.ceil(math.log2(fraction) * _PER_DOUBLING)
