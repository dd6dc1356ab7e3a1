"""Exceptions → error records: type, message, the place that raised, the stack as text."""

import functools
import sys
import traceback
from types import TracebackType
from typing import Any

from telemetry.capture import clock, context, redact, sink, values
from telemetry.capture.context import Unit
from telemetry.journal import events

STACK_LIMIT = 24_000
_MARGIN = 4_000
_LIBRARIES = ("site-packages", "dist-packages", f"{sys.prefix}/lib", f"{sys.base_prefix}/lib")


def on_request_exception(sender: Any, **kwargs: Any) -> None:
    """Receiver of `got_request_exception`: an exception that no view or middleware handled."""
    try:
        error = sys.exc_info()[1]
        unit = context.current.get()
        if error is not None:
            if unit is not None:
                unit.error_type = type_name(error)
            record(unit, error, handled=False)
    except Exception:
        sink.lost("recording an exception")


def record(unit: Unit | None, error: BaseException, *, handled: bool) -> None:
    """Write one error record; an exception that its unit has seen already is not written twice."""
    if unit is not None:
        if unit.exceptions is None:
            unit.exceptions = []
        if any(seen is error for seen in unit.exceptions):
            return
        unit.exceptions.append(error)
    sink.current().emit(
        events.ErrorRaised(
            uid=None if unit is None else unit.uid,
            time=clock.now() if unit is None else unit.now(),
            handled=handled,
            type=type_name(error),
            message=values.text(values.describe(error), 2_000),
            culprit=culprit(error.__traceback__),
            route=None if unit is None else unit.where(),
            stack=stack_text(error),
            trace_id=None if unit is None else unit.caller_trace_id,
        )
    )


def type_name(error: BaseException) -> str:
    """The exception's class with its module, as `exception.type` has it."""
    kind = type(error)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def stack_text(error: BaseException) -> str:
    """The traceback without source values, redacted; the end is kept when it is long."""
    try:
        whole = "".join(traceback.format_exception(error, limit=-50))
    except Exception as failure:
        return f"<traceback: {type(failure).__name__} while formatting>"
    if len(whole) <= STACK_LIMIT:
        return values.text(whole, STACK_LIMIT)
    # With what stands before: a secret that the cut parts in two is not seen as one.
    shown = redact.text(whole[-STACK_LIMIT - _MARGIN :])[-STACK_LIMIT:]
    return f"[cut: {len(whole)} characters] …{shown.partition(chr(10))[2]}"


def culprit(trace: TracebackType | None) -> str:
    """`file:line function` of the innermost frame of the application's own code."""
    own = last = None
    for frame, line in traceback.walk_tb(trace):
        last = (frame.f_code, line)
        if is_own(frame.f_code.co_filename):
            own = last
    chosen = own or last
    if chosen is None:
        return ""
    code, line = chosen
    return f"{short_path(code.co_filename)}:{line} {code.co_name}"


@functools.lru_cache(maxsize=4_096)
def is_own(filename: str) -> bool:
    """Whether the file is the application's own code, not a library's."""
    return not any(part in filename for part in _LIBRARIES)


@functools.lru_cache(maxsize=4_096)
def short_path(filename: str) -> str:
    """The path below the folder of `sys.path` that is nearest to it."""
    roots = (root.rstrip("/\\") for root in sys.path if root)
    fits = [root for root in roots if root and filename.startswith((f"{root}/", f"{root}\\"))]
    return filename[len(max(fits, key=len)) + 1 :] if fits else filename
