"""Which line of the program called a logger: what `Logger.findCaller` finds, for less."""

import functools
import logging
import sys
from collections.abc import Callable
from types import FrameType, FunctionType
from typing import Any, TypeVar, cast

# As frames of the library have it.
SOURCE = logging.addLevelName.__code__.co_filename
F = TypeVar("F", bound=Callable[..., Any])
# File, line, function, stack as text.
Found = tuple[str, int, str, str | None]


class Site:
    """A place in the code that calls something."""

    __slots__ = ("code", "function", "is_passed", "place", "where")

    def __init__(self, frame: FrameType) -> None:
        # Kept, so that no other code gets its id.
        self.code = frame.f_code
        self.function = self.code.co_name
        self.where = self.code.co_filename, frame.f_lineno
        # Logging's own, or the import system's.
        self.is_passed: bool = cast(Any, logging)._is_internal_frame(frame)
        # The `Place` that `records` has made of it.
        self.place: Any = None


# By code and instruction. Python finds a line's number by reading the function's table from its
# start: dear for a long function.
_sites: dict[tuple[int, int], Site] = {}
_SITES_LIMIT = 10_000
_known = _sites.get


def caller(frame: FrameType) -> Site:
    """The place that called a logger's method, whose frame this is."""
    code = frame.f_code
    above = frame.f_back if code.co_filename == SOURCE else frame
    if above is not None:
        found = _known((id(above.f_code), above.f_lasti))
        if found is not None and not found.is_passed:
            return found
    return site(frame)


def site(frame: FrameType, level: int = 1) -> Site:
    """From `frame` up, number `level` of those that are not passed over; the outermost frame's
    where there are fewer."""
    while True:
        code = frame.f_code
        # Most of what is passed over is known by its name.
        if code.co_filename != SOURCE:
            found = _known((id(code), frame.f_lasti)) or _look_at(frame)
            if not found.is_passed:
                level -= 1
                if level <= 0:
                    return found
        back = frame.f_back
        if back is None:
            return _look_at(frame)
        frame = back


def _look_at(frame: FrameType) -> Site:
    made = Site(frame)
    if len(_sites) >= _SITES_LIMIT:
        _sites.clear()
    _sites[id(made.code), frame.f_lasti] = made
    return made


def forget() -> None:
    """Drop all places, with what `records` keeps at them."""
    _sites.clear()


def finder(original: Callable[..., Found]) -> Callable[..., Found]:
    """`Logger.findCaller`; `original` does what is rarely wanted."""
    get_frame = sys._getframe

    def find(self: logging.Logger, stack_info: bool = False, stacklevel: int = 1) -> Found:
        if not stack_info and stacklevel >= 1:
            try:
                found = site(get_frame(1), stacklevel)
                return (*found.where, found.function, None)
            except Exception:  # noqa: S110 - the library's own way is left
                pass
        return original(self, stack_info, stacklevel)

    return stands_for(original, find)


def stands_for(original: Callable[..., Any], function: F) -> F:
    """`function`, whose frames are passed over like `original`'s by all who look for a caller:
    they know the library's frames by their file."""
    assert isinstance(original, FunctionType)
    assert isinstance(function, FunctionType)
    functools.update_wrapper(function, original)
    code = original.__code__
    function.__code__ = function.__code__.replace(
        co_filename=code.co_filename, co_firstlineno=code.co_firstlineno, co_name=code.co_name
    )
    return cast(F, function)
