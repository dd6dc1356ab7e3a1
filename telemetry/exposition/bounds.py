"""The upper bounds (`le`) of a histogram's buckets: powers of two.

Each is the bound of a bucket of the store too (`b^idx` with `b = 2^(1/32)`, idx a multiple of 32)
and a float as it is, so counts are exact. The set follows from the unit alone: bounds that came
with the data would begin in the middle of a scraper's history.
"""

from collections.abc import Sequence

# 0.12 ms to 64 s
SECONDS = range(-13, 7)
# 64 bytes to 16 GiB
BYTES = range(6, 35, 2)
# 0.001 to a million
OTHER = range(-10, 21, 2)


def powers(name: str, unit: str) -> Sequence[int]:
    """The exponents of the bounds of a histogram, ascending; +Inf stands above them."""
    if unit in ("seconds", "s") or name.endswith("_seconds"):
        return SECONDS
    if unit in ("bytes", "By") or name.endswith("_bytes"):
        return BYTES
    return OTHER
