"""Log records of the standard library → events of the journal."""

import functools
import logging
import threading
from itertools import islice
from time import perf_counter_ns
from typing import Any, NamedTuple, cast

from telemetry.capture import clock, context, errors, faults, redact, sink, values
from telemetry.capture.context import MAX_DEBUG, Unit
from telemetry.capture.governor import NO_DEBUG, governor
from telemetry.conf import settings
from telemetry.journal import events
from telemetry.quiet import here

MESSAGE_LIMIT = 16_000
# They repeat, from outside the request, what its canonical record says; the last one what its SQL
# spans say, with the parameters, which are never kept.
_LEFT_OUT = frozenset({"django.server", "gunicorn.access", "uvicorn.access", "django.db.backends"})
_OWN = len(logging.LogRecord("", 0, "", 0, "", (), None).__dict__)
# Set by formatters, and by newer Pythons.
_LATER = frozenset({"message", "asctime", "taskName"})
_STANDARD = _LATER | logging.LogRecord("", 0, "", 0, "", (), None).__dict__.keys()
_LEVELS = logging.getLevelNamesMapping()
# A record may be made while another is being recorded: by a signal handler, or by the `__str__` of
# an argument. One that causes itself ends here.
MAX_NESTED = 3


class _Nested(threading.local):
    depth = 0


_nested = _Nested()
_installed = False
_current = context.current.get


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
    if here.is_ingesting:
        _say(record)
        return
    depth = _nested.depth
    if depth >= MAX_NESTED:
        sink.lost()
        return
    _nested.depth = depth + 1
    try:
        unit = _current()
        if unit is None or unit.spent is None:
            _capture(record, unit)
        else:
            began = perf_counter_ns()
            _capture(record, unit)
            unit.spent += perf_counter_ns() - began
    except Exception:
        sink.lost("recording a log record")
    finally:
        _nested.depth = depth


def _say(record: logging.LogRecord) -> None:
    try:
        if record.levelno >= logging.WARNING:
            faults.say(f"{record.name} in ingest", _message(record))
    except Exception:
        faults.report("telling of a log record")


def _capture(record: logging.LogRecord, unit: Unit | None) -> None:
    destination = sink.current()
    level = record.levelno
    if unit is not None:
        unit.log_count += 1
        if level > unit.level:
            unit.level = level
        if level <= logging.DEBUG and not unit.ended:
            _keep_for_later(record, unit)
            return
    weight = destination.admit(level)
    if weight:
        destination.emit(to_event(record, unit, None if weight == 1 else weight))
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None and not _is_refusal(record):
        errors.record(unit, error, handled=True)


def _keep_for_later(record: logging.LogRecord, unit: Unit) -> None:
    if governor.step >= NO_DEBUG:
        return
    if unit.debug is None:
        unit.debug = []
    if len(unit.debug) < MAX_DEBUG:
        unit.debug.append(to_event(record, unit))


def _is_refusal(record: logging.LogRecord) -> bool:
    # Django logs the exceptions that it answers with 4xx; those are no faults of the server.
    status = getattr(record, "status_code", 500)
    return record.name.startswith("django.") and isinstance(status, int) and status < 500


def to_event(
    record: logging.LogRecord, unit: Unit | None, weight: float | None = None
) -> events.LogMade:
    """The event of a log record: message formatted, `extra` and bound fields as attributes."""
    message = _message(record)
    if type(message) is str and len(message) <= MESSAGE_LIMIT:
        message = redact.text(message)
    else:
        message = values.text(message, MESSAGE_LIMIT)
    # A message without arguments may be made for this record alone, and is no template.
    template = record.msg if record.args else None
    place = _places.get((record.pathname, record.lineno))
    if place is None or place.given is not template or place.logger is not record.name:
        place = _place(record, template)
    attributes = _attributes(record)
    if unit is None:
        return events.LogMade(
            None, clock.now(), record.levelno, place.name, None, message, place.template,
            place.code, attributes, None, {}, weight,
        )  # fmt: skip
    return events.LogMade(
        unit.uid, unit.now(), record.levelno, place.name, unit.route or unit.where(), message,
        place.template, place.code, attributes, unit.caller_trace_id, cast(Any, unit.bound()),
        weight,
    )  # fmt: skip


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:
        # What logging itself would print to stderr and lose.
        return f"{values.describe(record.msg)} [arguments do not fit: {type(error).__name__}]"


class _Place(NamedTuple):
    """A line of the code that logs, and what each of its records says alike."""

    # The template and the logger as the program has them.
    given: object
    logger: str
    template: str | None
    name: str
    code: str


_places: dict[tuple[str, int], _Place] = {}
_PLACES_LIMIT = 10_000


def _place(record: logging.LogRecord, given: object) -> _Place:
    made = _Place(
        given,
        record.name,
        _template(given) if type(given) is str else None,
        _template(record.name),
        f"{errors.short_path(record.pathname)}:{record.lineno} {record.funcName}",
    )
    if len(_places) >= _PLACES_LIMIT:
        _places.clear()
    _places[record.pathname, record.lineno] = made
    return made


# Texts of the program itself, which come again and again.
@functools.lru_cache(maxsize=4_096)
def _template(text: str) -> str:
    return values.text(text, 1_000)


def _attributes(record: logging.LogRecord) -> dict[str, Any]:
    given = record.__dict__
    if type(record) is not logging.LogRecord:
        extra = {name: value for name, value in given.items() if name not in _STANDARD}
    elif len(given) == _OWN:
        return {}
    else:
        # What its constructor sets stands first, and is not looked at one by one.
        extra = dict(islice(given.items(), _OWN, None))
        if not extra.keys().isdisjoint(_LATER):
            extra = {name: value for name, value in extra.items() if name not in _LATER}
    # Django puts the whole request there; its record is linked already.
    extra.pop("request", None)
    return values.clean_mapping(extra) if extra else {}
