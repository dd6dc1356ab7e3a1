"""Where ingest sits: in the back, where it gets what nobody else wants, or in front, as it is nice.

Linux starts what has to answer a request on a processor that does idle work (SCHED_IDLE) at once,
as on an idle one. Where other work runs, however nice, it may wait for the next tick, milliseconds
later: enough to be seen in a site's p99. But on a machine that is never idle such work stands still
for seconds, and what it has locked stays locked; nor may a process without privileges return from
it. So a thread sits in the back, and ends when it was kept waiting; the main one goes on until the
processors are less wanted.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from telemetry.ingest import notices
from telemetry.retention.upkeep import FIRST_SECONDS

# One wait in the back seat for so many seconds was one too many. Most are seen after a pause, when
# nothing is locked.
PATIENCE = 0.5
# In front it looks around each so many seconds; the first time it catches up with what is there.
# Long enough for retention to have a turn, even where every try in the back ends at once.
LOOK_SECONDS = 3 * FIRST_SECONDS
# Processors are wanted by others where so much of the time that it could work it waits for one.
CROWDED = 0.67
# Records a batch in the back: a write transaction that stands still there should be a short one.
BATCH = 2_000

_SCHEDSTAT = Path("/proc/thread-self/schedstat")
# Ingests until it is told to stop, in batches of at most so many records.
Serve = Callable[[Callable[[], bool], int | None], None]


def take_turns(serve: Serve, asked: Callable[[], bool]) -> None:
    """Call `serve` until `asked`, in whichever seat is right."""
    while hasattr(os, "SCHED_IDLE"):
        crowd = Crowd()
        sit_in_front(serve, lambda crowd=crowd: asked() or crowd.has_gone())  # type: ignore[misc]
        if not _sit_in_the_back(serve, asked):
            return
        notices.say(
            "kept waiting (for a processor, the disk or a lock): it does not leave processors to "
            "all others for now"
        )
    sit_in_front(serve, asked)


def sit_in_front(serve: Serve, asked: Callable[[], bool]) -> None:
    """Call `serve` until `asked`, in this thread."""
    serve(asked, None)


def _sit_in_the_back(serve: Serve, asked: Callable[[], bool]) -> bool:
    """Until `asked`, or until it was kept waiting: then true."""
    waiting = Waiting()

    def work() -> None:
        # Where that is forbidden the seat is as good as the one in front.
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        serve(lambda: waiting.too_long() or asked(), BATCH)

    with ThreadPoolExecutor(1, "telemetry-ingest") as pool:
        pool.submit(work).result()
    return waiting.was_too_long


class Waiting:
    """Asked again and again by a thread: whether it had to wait too long since it asked last.

    For a processor, a disk or a lock; it sleeps less than PATIENCE of its own will.
    """

    def __init__(self) -> None:
        self.was_too_long = False
        self._before: tuple[float, float] | None = None

    def too_long(self) -> bool:
        """Whether it had, ever."""
        now = time.monotonic(), time.thread_time()
        if self._before is not None:
            wall, cpu = (b - a for a, b in zip(self._before, now, strict=True))
            self.was_too_long |= wall - cpu > PATIENCE
        self._before = now
        return self.was_too_long


class Crowd:
    """Asked again and again by a thread: whether others do not want the processors so much now."""

    def __init__(self) -> None:
        self._has_gone = False
        self._due = time.monotonic() + LOOK_SECONDS
        self._before = _at_work_and_ready()

    def has_gone(self) -> bool:
        """Whether it was so between two looks, ever."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + LOOK_SECONDS
            before, self._before = self._before, _at_work_and_ready()
            worked, waited = (b - a for a, b in zip(before, self._before, strict=True))
            self._has_gone |= waited <= CROWDED * (worked + waited)
        return self._has_gone


def _at_work_and_ready() -> tuple[int, int]:
    """Nanoseconds that this thread had a processor, and that it waited for one."""
    try:
        worked, waited, _ = _SCHEDSTAT.read_text().split()
    except (OSError, ValueError):
        # Not every kernel says it: then each look is a try.
        return 0, 0
    return int(worked), int(waited)
