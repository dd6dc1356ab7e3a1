"""django-q2 tasks as units of work, in the trace of what enqueued them."""

import re
import sys
import threading
from contextvars import Token
from typing import Any

from telemetry.capture import context, errors, faults, ids, sink, units, values
from telemetry.capture.context import Unit
from telemetry.journal import events

_KEY = "traceparent"


def install() -> None:
    """Connect to django-q2's signals; does nothing where it is not installed."""
    try:
        from django_q import signals
    except ImportError:
        return
    signals.pre_enqueue.connect(on_enqueue, dispatch_uid="telemetry")
    signals.pre_execute.connect(on_execute, dispatch_uid="telemetry")
    signals.post_execute_in_worker.connect(on_executed, dispatch_uid="telemetry")


def on_enqueue(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """Send the trace along with the task."""
    unit = context.current.get()
    if unit is not None:
        task.setdefault(_KEY, ids.traceparent(unit.trace_id, unit.uid))


class _Running(threading.local):
    """By thread, innermost last: with `sync=True` a task sits inside another unit of work."""

    def __init__(self) -> None:
        self.stack: list[tuple[Unit, Token[Unit | None]]] = []


_running = _Running()


def on_execute(sender: Any, func: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """Begin the task's unit of work, in the worker that runs it."""
    try:
        unit = Unit(context.TASK)
        unit.route = values.text(_name(task), 200)
        unit.bind({"task.id": task.get("id"), "task.name": task.get("name")})
        _running.stack.append((unit, units.begin(unit, str(task.get(_KEY, "")))))
    except Exception:
        faults.report("beginning a task")


def on_executed(sender: Any, func: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """End it."""
    try:
        if not _running.stack:
            return
        unit, token = _running.stack.pop()
        try:
            _note_outcome(unit, task)
            units.end(unit)
        finally:
            context.current.reset(token)
    except Exception:
        faults.report("ending a task")


def _note_outcome(unit: Unit, task: dict[str, Any]) -> None:
    error = sys.exc_info()[1]
    if error is not None and "success" not in task:
        # With `sync=True` the task's own exception is on its way to the caller.
        unit.error_type = errors.type_name(error)
        errors.record(unit, error, handled=False)
    elif not task.get("success", True):
        _record_failure(unit, str(task.get("result", "")))


def _name(task: dict[str, Any]) -> str:
    function = task.get("func")
    if isinstance(function, str):
        return function
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', function)}"


_FRAME = re.compile(r'^  File "(.+)", line (\d+), in (.+)$', re.MULTILINE)


def _type_name(trace: str) -> str:
    """What stands on the first line after the last frame; the message may have lines of its own."""
    frames = list(_FRAME.finditer(trace))
    after = trace[frames[-1].end() :] if frames else trace
    own = (line for line in after.splitlines() if line and not line.startswith(" "))
    return values.text(next(own, "").partition(":")[0], 200) or "TaskFailed"


def _record_failure(unit: Unit, result: str) -> None:
    """The exception is there as text only: `message : traceback`."""
    message, _, trace = result.partition(" : Traceback")
    unit.error_type = _type_name(trace)
    frames = _FRAME.findall(trace)
    own = [frame for frame in frames if "site-packages" not in frame[0]] or frames
    place = f"{errors.short_path(own[-1][0])}:{own[-1][1]} {own[-1][2]}" if own else ""
    sink.current().emit(
        events.ErrorRaised(
            uid=unit.uid,
            time=unit.now(),
            handled=False,
            type=unit.error_type,
            message=values.text(message, 2_000),
            culprit=place,
            route=unit.route,
            stack=values.text(f"Traceback{trace}", errors.STACK_LIMIT),
            trace_id=unit.caller_trace_id,
        )
    )
