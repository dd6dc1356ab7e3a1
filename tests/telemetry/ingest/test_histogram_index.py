"""The bucket index is exact: `idx = ceil(32·log2(value))`, also one step beside every boundary."""

import math
import random
from decimal import Decimal, localcontext

import pytest

from telemetry.ingest.histogram import index


def exact(value: float) -> int:
    """The definition, with 60 digits."""
    with localcontext(prec=60):
        logarithm = 32 * Decimal(value).ln() / Decimal(2).ln()
        nearest = logarithm.to_integral_value()
        # 2**(n/32) is irrational unless 32 divides n: only powers of two are boundaries.
        if Decimal(value) == Decimal(2) ** (nearest / 32) and nearest % 32 == 0:
            return int(nearest)
        return math.ceil(logarithm)


@pytest.mark.parametrize("place", range(-32, 33))
def test_beside_every_boundary_of_two_doublings(place: int) -> None:
    boundary = 2.0 ** (place / 32)
    for value in (boundary, math.nextafter(boundary, 0), math.nextafter(boundary, math.inf)):
        assert index(value) == exact(value), value.hex()


@pytest.mark.parametrize("exponent", [-1074, -1022, -30, -1, 0, 1, 30, 1023])
def test_beside_every_boundary_at_any_size(exponent: int) -> None:
    for place in range(32):
        boundary = math.ldexp(2.0 ** (place / 32 - 1), exponent)
        for value in (boundary, math.nextafter(boundary, 0), math.nextafter(boundary, math.inf)):
            if 0 < value < math.inf:
                assert index(value) == exact(value), value.hex()


def test_anywhere() -> None:
    chance = random.Random(5)
    for _ in range(2_000):
        value = math.exp(chance.uniform(-40, 40))
        assert index(value) == exact(value), value.hex()
