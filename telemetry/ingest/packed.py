"""A histogram as bytes: a bag of words, each a bucket of values and how often it was hit.

A word is four bytes, little-endian: 17 bits of `idx - LOWEST`, two of an exponent, 13 of a digit,
for `digit * 8192**exponent` observations; a count of 8,192 or more takes several words, four at
most. Words of the same bucket add up, so two histograms are merged by putting one behind the other,
which SQL does, and equal ones need not be equal bytes.
"""

import sys
from array import array
from collections.abc import Iterator, Mapping

WORD = 4
LOWEST = -(1 << 16)
IDX_SHIFT = 15
DIGIT_BITS = 13
DIGIT_MASK = (1 << DIGIT_BITS) - 1
EXPONENT_MASK = 3
_COUNT_MASK = (1 << IDX_SHIFT) - 1
_DIGITS = 4
_IS_LITTLE = sys.byteorder == "little"


def pack(counts: Mapping[int, int]) -> bytes:
    """The bytes of `{idx: n}`."""
    return _pack({idx - LOWEST: n for idx, n in counts.items()})


def unpack(histogram: bytes) -> dict[int, int]:
    """`{idx: n}`, in order of idx."""
    return {high + LOWEST: n for high, n in sorted(_unpack(histogram).items())}


def merged(*histograms: bytes | None) -> bytes | None:
    """All of them in the fewest bytes, buckets in order; None when one of them is."""
    found = [one for one in histograms if one is not None]
    if len(found) < len(histograms):
        return None
    return _pack(dict(sorted(_unpack(b"".join(found)).items())))


def _pack(counts: Mapping[int, int]) -> bytes:
    """`{idx - LOWEST: n}`."""
    if max(counts.values(), default=0) <= DIGIT_MASK:
        words = array("I", [high << IDX_SHIFT | n for high, n in counts.items()])
    else:
        words = array("I", list(_words(counts)))
    if not _IS_LITTLE:
        words.byteswap()
    return words.tobytes()


def _words(counts: Mapping[int, int]) -> Iterator[int]:
    for place, n in counts.items():
        high = place << IDX_SHIFT
        if n <= DIGIT_MASK:
            yield high | n
            continue
        for exponent in range(_DIGITS):
            digit = n >> exponent * DIGIT_BITS & DIGIT_MASK
            if digit:
                yield high | exponent << DIGIT_BITS | digit
        # Nobody has observed so much.
        for _ in range(n >> _DIGITS * DIGIT_BITS):
            yield high | EXPONENT_MASK << DIGIT_BITS | DIGIT_MASK
            yield high | EXPONENT_MASK << DIGIT_BITS | 1


def _unpack(histogram: bytes) -> dict[int, int]:
    """`{idx - LOWEST: n}`, in no order."""
    words = array("I", histogram)
    if not _IS_LITTLE:
        words.byteswap()
    counts: dict[int, int] = {}
    get = counts.get
    for word in words:
        n = word & _COUNT_MASK
        if n > DIGIT_MASK:
            n = (n & DIGIT_MASK) << DIGIT_BITS * (n >> DIGIT_BITS)
        high = word >> IDX_SHIFT
        counts[high] = get(high, 0) + n
    return counts
