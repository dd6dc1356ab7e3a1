"""A `logging.Handler` that turns log records into events of the journal."""

import logging
import threading
import time
from typing import Any

from telemetry.capture import context, errors, faults, sink, values
from telemetry.capture.context import MAX_DEBUG, Unit
from telemetry.conf import settings
from telemetry.journal import events

MESSAGE_LIMIT = 16_000
# They repeat, from outside the request, what its canonical record says.
_ACCESS_LOGS = frozenset({"django.server", "gunicorn.access", "uvicorn.access"})
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}
_busy = threading.local()


class TelemetryHandler(logging.Handler):
    """Writes each record when it is logged; DEBUG records inside a unit wait for its end."""

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(_busy, "now", False) or record.name in _ACCESS_LOGS:
            return
        _busy.now = True
        try:
            _capture(record)
        except Exception:
            faults.report("recording a log record")
        finally:
            _busy.now = False

    # Records are encoded under the journal's own lock; a second one would only add waiting.
    def createLock(self) -> None:  # noqa: N802 - the name is logging's
        self.lock = None


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
    if record.exc_info and isinstance(record.exc_info[1], BaseException):
        errors.record(unit, record.exc_info[1], handled=True)


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
        return f"{record.msg!s} [arguments do not fit: {type(error).__name__}]"


def _attributes(record: logging.LogRecord, unit: Unit | None) -> dict[str, Any]:
    given = record.__dict__
    extra = {name: given[name] for name in given.keys() - _STANDARD}
    # Django puts the whole request there; its record is linked already.
    extra.pop("request", None)
    if unit is not None and unit.attributes:
        extra = {**unit.attributes, **extra}
    return values.clean_mapping(extra) if extra else {}


_handler = TelemetryHandler()


def ensure_attached() -> None:
    """Attach the handler where records arrive; logging may have been configured anew since."""
    if _handler not in logging.root.handlers:
        _attach()


def _attach() -> None:
    _handler.setLevel(settings.LOG_LEVEL)
    logging.root.addHandler(_handler)
    for logger in list(logging.root.manager.loggerDict.values()):
        # Their records do not reach the root.
        if isinstance(logger, logging.Logger) and not logger.propagate:
            logger.addHandler(_handler)
