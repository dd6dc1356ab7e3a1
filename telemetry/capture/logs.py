"""Log records of the standard library, heard where they are made."""

import functools
import logging
import os
import sys
from collections.abc import Callable
from threading import get_ident
from time import perf_counter_ns
from typing import Any

from telemetry import quiet
from telemetry.capture import callers, context, errors, faults, listeners, sink
from telemetry.capture.context import MAX_DEBUG, Unit
from telemetry.capture.governor import NO_DEBUG, governor
from telemetry.capture.records import fields, from_call
from telemetry.capture.records import to_event as to_event
from telemetry.conf import settings
from telemetry.journal import events

# They repeat, from outside the request, what its canonical record says; the last one what its SQL
# spans say, with the parameters, which are never kept.
_LEFT_OUT = frozenset({"django.server", "gunicorn.access", "uvicorn.access", "django.db.backends"})
# A record may be made while another is being recorded: by a signal handler, or by the `__str__` of
# an argument. One that causes itself ends here.
MAX_NESTED = 3
# How deep each thread is, of those that are recording now.
_depths: dict[int, int] = {}
_installed = False
_current = context.current.get

if hasattr(os, "register_at_fork"):
    # Of threads that are not there in the child.
    os.register_at_fork(after_in_child=_depths.clear)

# Makes an event of a log record, or of a call of a logger.
_Make = Callable[[Any, Unit | None, float | None], events.LogMade]


def install() -> None:
    """Look at each record that a logger passes to its handlers; safe to call again.

    Not a handler: those are removed by a later logging configuration, get nothing from loggers that
    do not propagate, and one on the root turns `logging.basicConfig()` into nothing.
    """
    global _installed
    if _installed:
        return
    _installed = True
    # Somebody else's patch may want every record.
    may_shorten = not listeners.are_patched()
    original = logging.Logger.callHandlers

    @functools.wraps(original)
    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        observe(record)
        original(self, record)

    logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]
    if may_shorten:
        _shorten()


def _shorten() -> None:
    """Have no record made where nobody but telemetry would hear it, and callers found for less."""
    logging.Logger.findCaller = callers.finder(logging.Logger.findCaller)  # type: ignore[method-assign]
    listeners.accept()
    original = logging.Logger._log
    get_frame = sys._getframe

    def log(
        self: logging.Logger, level: int, msg: Any, args: Any, exc_info: Any = None,
        extra: Any = None, stack_info: bool = False, stacklevel: int = 1,
    ) -> None:  # fmt: skip
        try:
            is_usual = (
                exc_info or stack_info or stacklevel != 1
                or not listeners.is_alone(self, level, args, extra)
            )  # fmt: skip
        except Exception:
            # What the caller did wrong, the library says.
            is_usual = True
        if is_usual:
            original(self, level, msg, args, exc_info, extra, stack_info, stacklevel)
            return
        name = self.name
        _hear(level, name, (level, name, msg, args, extra, get_frame(1)), from_call)

    logging.Logger._log = callers.stands_for(original, log)  # type: ignore[method-assign]


def observe(record: logging.LogRecord) -> None:
    """Write the record now; DEBUG records inside a unit wait for its end. Never raises."""
    given = record.__dict__ if type(record) is logging.LogRecord else fields(record)
    raised = record if given["exc_info"] else None
    _hear(given["levelno"], given["name"], record, to_event, raised)


def _hear(
    level: int, name: str, source: Any, make: _Make, raised: logging.LogRecord | None = None
) -> None:
    """Write what `make` makes of `source`, and the error with which `raised` came."""
    if level < settings.log_level or name in _LEFT_OUT:
        return
    unit = _current()
    if (
        unit is None
        or unit.recording
        or unit.spent is not None
        or raised is not None
        or level <= logging.DEBUG
        or quiet.at_work
    ):
        _hear_with_care(level, name, source, make, raised, unit)
        return
    # What a request pays for, where nothing is out of the ordinary. Between the question above and
    # this there is no call in which Python could turn to another thread of the unit.
    unit.recording = True
    try:
        unit.log_count += 1
        if level > unit.level:
            unit.level = level
        destination = sink.chosen or sink.current()
        weight = destination.admit(level) if destination.pressure.step else 1
        if weight:
            destination.emit(make(source, unit, None if weight == 1 else weight))
    except Exception:
        sink.lost("recording a log record")
    finally:
        unit.recording = False


def _hear_with_care(
    level: int, name: str, source: Any, make: _Make, raised: logging.LogRecord | None,
    unit: Unit | None,
) -> None:  # fmt: skip
    if quiet.at_work and quiet.here.is_ingesting:
        _say(level, name, source, make)
        return
    thread = get_ident()
    depth = _depths.get(thread, 0)
    if depth >= MAX_NESTED:
        sink.lost()
        return
    try:
        _depths[thread] = depth + 1
        if unit is None or unit.spent is None:
            _capture(level, source, make, raised, unit)
        else:
            began = perf_counter_ns()
            _capture(level, source, make, raised, unit)
            unit.spent += perf_counter_ns() - began
    except Exception:
        sink.lost("recording a log record")
    finally:
        if depth:
            _depths[thread] = depth
        else:
            _depths.pop(thread, None)


def _say(level: int, name: str, source: Any, make: _Make) -> None:
    try:
        if level >= logging.WARNING:
            faults.say(f"{name} in ingest", make(source, None, None).message)
    except Exception:
        faults.report("telling of a log record")


def _capture(
    level: int, source: Any, make: _Make, raised: logging.LogRecord | None, unit: Unit | None
) -> None:
    destination = sink.chosen or sink.current()
    if unit is not None:
        unit.log_count += 1
        if level > unit.level:
            unit.level = level
        if level <= logging.DEBUG and not unit.ended:
            _keep_for_later(source, make, unit)
            return
    weight = destination.admit(level)
    if weight:
        destination.emit(make(source, unit, None if weight == 1 else weight))
    if raised is not None:
        _capture_error(raised, unit)


def _capture_error(record: logging.LogRecord, unit: Unit | None) -> None:
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None and not _is_refusal(record):
        errors.record(unit, error, handled=True)


def _keep_for_later(source: Any, make: _Make, unit: Unit) -> None:
    if governor.step >= NO_DEBUG:
        return
    if unit.debug is None:
        unit.debug = []
    if len(unit.debug) < MAX_DEBUG:
        unit.debug.append(make(source, unit, None))


def _is_refusal(record: logging.LogRecord) -> bool:
    # Django logs the exceptions that it answers with 4xx; those are no faults of the server.
    status = getattr(record, "status_code", 500)
    return record.name.startswith("django.") and isinstance(status, int) and status < 500
