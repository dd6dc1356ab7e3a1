"""Quantiles from base-2 exponential buckets of scale 5.

Bucket `idx` holds what lies in `(b^(idx-1), b^idx]` with `b = 2^(1/32)`. A quantile is answered
with the geometric middle of its bucket, `2^((idx - 1/2)/32)`: within 1.09 % of a true value.
"""

import math
from collections.abc import Mapping, Sequence

from telemetry.ingest import histogram

# Buckets a doubling.
SCALE = 1 << histogram.SCALE
# Where observations of zero or less are counted.
ZERO = histogram.ZERO_INDEX
# A rank is the share times the count, and the share itself is rounded: 0.07 of 100 is
# 7.000000000000001 and means the 7th. Both roundings together are less than this.
RANK_SLACK = 1 - 2**-51


def quantile(buckets: Mapping[int, int], q: float) -> float | None:
    """The `q`-quantile (0 to 1) of `{idx: n}`; None without observations."""
    total = sum(buckets.values())
    if total <= 0:
        return None
    rank = max(1, math.ceil(total * q * RANK_SLACK))
    seen = 0
    for idx in sorted(buckets):
        seen += buckets[idx]
        if seen >= rank:
            return middle(idx)
    return middle(max(buckets))


def middle(idx: int) -> float:
    """The geometric middle of a bucket; zero for the bucket of zeros."""
    return 0.0 if idx <= ZERO else float(2 ** ((idx - 0.5) / SCALE))


def nearest_rank(ordered: Sequence[int], q: float) -> int:
    """The exact `q`-quantile (0 to 1) of values in ascending order; at least one is needed."""
    return ordered[max(1, math.ceil(len(ordered) * q * RANK_SLACK)) - 1]
