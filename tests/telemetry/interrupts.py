"""Ctrl-C at an instruction of one's choice."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def interrupting(folder: str, after: int) -> Iterator[Callable[[], bool]]:
    """KeyboardInterrupt once so many instructions of code below `folder` have run; yields whether
    that has been."""
    left = after

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(folder):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == -1:
                raise KeyboardInterrupt
        return trace

    was = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: left < 0
    finally:
        sys.settrace(was)


def outcome(act: Callable[[], Any], folder: str, after: int) -> str:
    """What became of the interrupt: it came "out" of `act`, was "lost" in it, or "never" was, as
    there are fewer instructions."""
    with interrupting(folder, after) as has_been:
        try:
            act()
        except KeyboardInterrupt:
            return "out"
        return "lost" if has_been() else "never"
