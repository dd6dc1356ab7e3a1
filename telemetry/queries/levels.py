"""Which roll-up answers a range: by its length, its step, and what retention still holds."""

import math
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from telemetry.conf import DEFAULTS, settings

LEVELS = (10, 60, 3600)
MAX_POINTS = 1_500
_KINDS = {10: "buckets_10s", 60: "buckets_1m", 3600: "buckets_1h"}
# Ranges up to so many seconds are read at this level: at most 720 buckets a series. Longer ones by
# the hour.
_REACH = {10: 2 * 3600, 60: 12 * 3600}
_STEPS = ((1_800, 10), (2 * 3600, 60), (12 * 3600, 300), (31 * 86_400, 3600))
_DAY = 86_400


def kept_days(level: int) -> float:
    """How long buckets of a level are kept; infinite where the setting is no valid age."""
    kind = _KINDS[level]
    given = settings.RETENTION if isinstance(settings.RETENTION, dict) else {}
    days: Any = given.get(kind, DEFAULTS["RETENTION"][kind])
    is_age = isinstance(days, int | float) and not isinstance(days, bool) and days > 0
    return days if is_age else math.inf


def holds(level: int, start: int) -> bool:
    """Whether buckets of a level from `start` (seconds since the epoch) on are still kept."""
    return start >= time.time() - kept_days(level) * _DAY


def by_range(seconds: float) -> int:
    """The level that a range of this length is read at."""
    return next((level for level, most in _REACH.items() if seconds <= most), LEVELS[-1])


def dividing(step: int) -> list[int]:
    """The levels that a step is a multiple of, finest first."""
    return [level for level in LEVELS if step % level == 0]


def finest_held(start: int) -> int:
    """The finest level that reaches back to `start`; the coarsest where none does."""
    return next((level for level in LEVELS if holds(level, start)), LEVELS[-1])


def pick(levels: Iterable[int], seconds: float, start: int) -> int | None:
    """Of the levels that a step allows, the one to read a range at; None where none is kept.

    The coarsest that the range's length asks for at most, or the next coarser that is still held.
    """
    ordered = sorted(levels)
    wanted = max(level for level in ordered if level <= by_range(seconds))
    coarser = [level for level in ordered if level >= wanted]
    if found := next((level for level in coarser if holds(level, start)), None):
        return found
    # Nothing reaches back so far: what there is of the range is in the coarsest.
    return LEVELS[-1] if coarser[-1] == LEVELS[-1] else None


def step_for(seconds: float, start: int) -> int:
    """Seconds a point so that the range has some 60 to 180 of them, of a level that is held."""
    step = next((step for most, step in _STEPS if seconds <= most), _DAY)
    while seconds / step > MAX_POINTS // 2:
        step *= 2
    return max(step, finest_held(start))


def moment(seconds: int) -> datetime:
    """The aware time of a bucket's start."""
    return datetime.fromtimestamp(seconds, UTC)
