"""Which roll-up answers a range: by its length, its step, and what retention still holds."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from telemetry.conf import DEFAULTS, settings
from telemetry.ingest.resolutions import WHOLE

MINUTE, HOUR, SIX_HOURS, DAY, MONTH = 60, 3600, 6 * 3600, 86_400, 30 * 86_400
LEVELS = (10, MINUTE, HOUR, SIX_HOURS, DAY, MONTH)
MAX_POINTS = 1_500
_KINDS = {
    10: "buckets_10s",
    MINUTE: "buckets_1m",
    HOUR: "buckets_1h",
    SIX_HOURS: "buckets_6h",
    DAY: "buckets_1d",
    MONTH: "buckets_30d",
}
# Ranges up to so many seconds are read at this level: at most 744 buckets a series. Longer ones by
# the day; 30 days are for what lies inside of a step.
_REACH = {10: 2 * HOUR, MINUTE: 12 * HOUR, HOUR: 31 * DAY}
# Points that a coarser level has to leave of a range, to be chosen for it.
_FEWEST = 7
_STEPS = (
    (1_800, 10),
    (2 * HOUR, MINUTE),
    (12 * HOUR, 300),
    (8 * DAY, HOUR),
    (45 * DAY, SIX_HOURS),
)


@dataclass(frozen=True, slots=True)
class Part:
    """Buckets of one resolution with `low <= start < high` (seconds since the epoch)."""

    resolution: int
    low: int
    high: int


def kept_days(level: int) -> float:
    """How long buckets of a level are kept; infinite where the setting is no valid age."""
    kind = _KINDS[level]
    given = settings.RETENTION if isinstance(settings.RETENTION, dict) else {}
    days: Any = given.get(kind, DEFAULTS["RETENTION"][kind])
    is_age = isinstance(days, int | float) and not isinstance(days, bool) and days > 0
    return days if is_age else math.inf


def holds(level: int, start: int) -> bool:
    """Whether buckets of a level from `start` (seconds since the epoch) on are still kept."""
    return start >= time.time() - kept_days(level) * DAY


def by_range(seconds: float) -> int:
    """The level that a range of this length is read at."""
    return next((level for level, most in _REACH.items() if seconds <= most), DAY)


def dividing(step: int) -> list[int]:
    """The levels that a step is a multiple of, finest first."""
    return [level for level in LEVELS if step % level == 0]


def has_wholes(level: int) -> bool:
    """Whether the level has buckets of all series of a metric together."""
    return level >= WHOLE


def coarsest(step: int) -> int:
    """The coarsest level that steps aligned to the epoch can be made of."""
    return dividing(step)[-1]


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


def usual_step(seconds: float) -> int:
    """Seconds a point so that a range has some 60 to 190 points, or days."""
    return next((step for limit, step in _STEPS if seconds <= limit), DAY)


def step_for(seconds: float, start: int, most: int = MAX_POINTS // 2) -> int:
    """Seconds a point, of a level that is held, so that a range has some 60 to 190 points or days.

    There are at most about `most` of them, or twice as many of less than a day; but a range is not
    told in fewer than a month has days, nor in a coarser level of which it has but a few buckets.
    """
    step = usual_step(seconds)
    for level in LEVELS:
        if level > step and seconds / step > _limit(step, most) and seconds / level >= _FEWEST:
            step = level
    while seconds / step > max(_limit(step, most), MONTH / DAY):
        step *= 2
    return _up(step, finest_held(start))


def _limit(step: int, most: int) -> int:
    return 2 * most if step < DAY else most


def parts(start: datetime, end: datetime) -> list[Part]:
    """The fewest buckets that cover the range: coarse ones inside, finer ones at its edges.

    Edges are exact to 10 s for ranges up to 2 h and to 1 min for ranges up to 48 h; a longer range
    begins at the full hour. Where retention has deleted buckets so fine the next level has to do.
    """
    low, high = int(start.timestamp()), int(end.timestamp()) + 1
    span = high - low
    fine = max(10 if span <= 2 * HOUR + 60 else MINUTE, min(HOUR, finest_held(low)))
    begin = _down(low, HOUR if span > 48 * HOUR + 60 else fine)
    # Longer ones where they are left, or where hours are not left either.
    gone = not holds(HOUR, low)
    sizes = [size for size in LEVELS if size >= fine and (size <= HOUR or gone or holds(size, low))]
    # Nothing lies after now, so the interval that still runs can be taken whole.
    runs = _up(high, fine) >= int(time.time())
    whole = max(size for size in sizes if size <= max(HOUR, span)) if runs else fine
    return list(_split(begin, _up(high, whole), sizes[::-1]))


def parts_of_steps(level: int, first: int, stop: int, step: int) -> list[Part]:
    """The fewest buckets that cover each step: coarser than `level` where a step holds them whole.

    `first` and `stop` are multiples of the level; steps begin at `first`.
    """
    sizes = [size for size in LEVELS if level < size <= step and holds(size, first)]
    if not sizes:
        return [Part(level, first, stop)] if first < stop else []
    found: list[Part] = []
    for at in range(first, stop, step):
        for part in _split(at, min(at + step, stop), [*sizes[::-1], level]):
            if found and found[-1].resolution == part.resolution and found[-1].high == part.low:
                found[-1] = Part(part.resolution, found[-1].low, part.high)
            else:
                found.append(part)
    return found


def _split(low: int, high: int, sizes: Sequence[int]) -> Iterator[Part]:
    """`sizes`, coarsest first, each a multiple of the next; the last divides `low` and `high`."""
    size, *finer = sizes
    first, last = _up(low, size), _down(high, size)
    if first < last:
        if finer:
            yield from _split(low, first, finer)
        yield Part(size, first, last)
        if finer:
            yield from _split(last, high, finer)
    elif finer:
        yield from _split(low, high, finer)


def _down(seconds: int, size: int) -> int:
    return seconds // size * size


def _up(seconds: int, size: int) -> int:
    return -(-seconds // size) * size


def moment(seconds: int) -> datetime:
    """The aware time of a bucket's start."""
    return datetime.fromtimestamp(seconds, UTC)
