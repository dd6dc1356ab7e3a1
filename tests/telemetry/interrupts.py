"""Ctrl-C at an instruction of one's choice, of those that Python looks for signals at."""

import dis
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# It does so when a function begins, after a call, and where a loop turns round.
_LOOKS = frozenset(
    code for name, code in dis.opmap.items() if name.startswith(("CALL", "RESUME", "JUMP_BACKWARD"))
)


@contextmanager
def interrupting(folder: str, after: int) -> Iterator[Callable[[], bool]]:
    """KeyboardInterrupt once Python has looked for signals so often in code below `folder`; yields
    whether that has been."""
    left = after
    last: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(folder):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            before, last[frame] = last.get(frame), frame.f_code.co_code[frame.f_lasti]
            if before in _LOOKS:
                left -= 1
                if left == -1:
                    raise KeyboardInterrupt
        elif event == "return":
            last.pop(frame, None)
        return trace

    was = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: left < 0
    finally:
        sys.settrace(was)


def outcome(act: Callable[[], Any], folder: str, after: int) -> str:
    """What became of the interrupt: it came "out" of `act`, was "lost" in it, or "never" was, as
    the code is over sooner."""
    with interrupting(folder, after) as has_been:
        try:
            act()
        except KeyboardInterrupt:
            return "out"
        return "lost" if has_been() else "never"
