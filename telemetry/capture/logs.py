"""Log records of the standard library → events of the journal."""

import functools
import logging
import threading
import time
from typing import Any

from telemetry.capture import context, errors, sink, values
from telemetry.capture.context import MAX_DEBUG, Unit
from telemetry.conf import settings
from telemetry.journal import events

MESSAGE_LIMIT = 16_000
# They repeat, from outside the request, what its canonical record says; the last one what its SQL
# spans say, with the parameters, which are never kept.
_LEFT_OUT = frozenset({"django.server", "gunicorn.access", "uvicorn.access", "django.db.backends"})
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}
_LEVELS = logging.getLevelNamesMapping()
# A record may be made while another is being recorded: by a signal handler, or by the `__str__` of
# an argument. One that causes itself ends here.
MAX_NESTED = 3
_nested = threading.local()
_installed = False


def install() -> None:
    """Look at each record that a logger passes to its handlers; safe to call again.

    Not a handler: those are removed by a later logging configuration, get nothing from loggers that
    do not propagate, and one on the root turns `logging.basicConfig()` into nothing.
    """
    global _installed
    if _installed:
        return
    _installed = True
    original = logging.Logger.callHandlers

    @functools.wraps(original)
    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        observe(record)
        original(self, record)

    logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]


def observe(record: logging.LogRecord) -> None:
    """Write the record now; DEBUG records inside a unit wait for its end. Never raises."""
    if record.levelno < _LEVELS.get(settings.LOG_LEVEL, 0) or record.name in _LEFT_OUT:
        return
    depth = getattr(_nested, "depth", 0)
    if depth >= MAX_NESTED:
        sink.lost()
        return
    _nested.depth = depth + 1
    try:
        _capture(record)
    except Exception:
        sink.lost("recording a log record")
    finally:
        _nested.depth = depth


def _capture(record: logging.LogRecord) -> None:
    unit = context.current.get()
    if unit is not None:
        unit.log_count += 1
        unit.level = max(unit.level, record.levelno)
    event = to_event(record, unit)
    if unit is not None and record.levelno <= logging.DEBUG and not unit.ended:
        if len(unit.debug) < MAX_DEBUG:
            unit.debug.append(event)
        return
    sink.current().emit(event)
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None and not _is_refusal(record):
        errors.record(unit, error, handled=True)


def _is_refusal(record: logging.LogRecord) -> bool:
    # Django logs the exceptions that it answers with 4xx; those are no faults of the server.
    status = getattr(record, "status_code", 500)
    return record.name.startswith("django.") and isinstance(status, int) and status < 500


def to_event(record: logging.LogRecord, unit: Unit | None) -> events.LogMade:
    """The event of a log record: message formatted, `extra` and bound fields as attributes."""
    template = record.msg if type(record.msg) is str else None
    return events.LogMade(
        uid=None if unit is None else unit.uid,
        time=time.time_ns() // 1000 if unit is None else unit.now(),
        level=record.levelno,
        logger=record.name,
        route=None if unit is None else unit.where(),
        message=values.text(_message(record), MESSAGE_LIMIT),
        template=values.text(template, 1_000) if record.args and template else None,
        code=f"{errors.short_path(record.pathname)}:{record.lineno} {record.funcName}",
        attributes=_attributes(record, unit),
        trace_id=None if unit is None else unit.caller_trace_id,
    )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:
        # What logging itself would print to stderr and lose.
        return f"{values.describe(record.msg)} [arguments do not fit: {type(error).__name__}]"


def _attributes(record: logging.LogRecord, unit: Unit | None) -> dict[str, Any]:
    given = record.__dict__
    extra = {name: given[name] for name in given.keys() - _STANDARD}
    # Django puts the whole request there; its record is linked already.
    extra.pop("request", None)
    if unit is not None and unit.attributes:
        extra = {**unit.attributes, **extra}
    return values.clean_mapping(extra) if extra else {}
