"""The time that records carry: the wall clock's, which for them never runs backwards."""

import time
from collections.abc import Callable


class Clock:
    """Follows the wall clock forward at once; when that is set back, goes on at half speed.

    So the records of a process stay in the order in which they were made, whatever is done to the
    clock; after a step of an hour back the two agree again two hours later.
    """

    # Read faster than what an instance's dictionary holds.
    __slots__ = ("_last", "_offset", "_steady", "_wall")

    def __init__(
        self,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._last = steady()
        self._offset = wall() - self._last

    def read(self) -> tuple[int, int]:
        """(microseconds since the epoch, nanoseconds of the steady clock at that moment)."""
        # Not called as methods, which Python would look for in the class first.
        tell_steady, tell_wall = self._steady, self._wall
        steady = tell_steady()
        offset = tell_wall() - steady
        if offset < self._offset:
            offset = max(offset, self._offset - (steady - self._last) // 2)
        self._offset = offset
        self._last = steady
        return (steady + offset) // 1000, steady


read = Clock().read


def now() -> int:
    """Microseconds since the epoch."""
    return read()[0]
