"""Log records of the standard library → events of the journal."""

import functools
import logging
import os
from itertools import islice
from threading import get_ident
from time import perf_counter_ns
from typing import Any, cast

from telemetry import quiet
from telemetry.capture import clock, context, errors, faults, redact, sink, values
from telemetry.capture.context import MAX_DEBUG, Unit
from telemetry.capture.governor import NO_DEBUG, governor
from telemetry.conf import settings
from telemetry.journal import events

MESSAGE_LIMIT = 16_000
# They repeat, from outside the request, what its canonical record says; the last one what its SQL
# spans say, with the parameters, which are never kept.
_LEFT_OUT = frozenset({"django.server", "gunicorn.access", "uvicorn.access", "django.db.backends"})
# A record's attributes are read by key, not by name: it has so many that Python looks each name up
# in its class first, every time.
_Record = logging.LogRecord
_OWN = len(logging.LogRecord("", 0, "", 0, "", (), None).__dict__)
# Set by formatters, and by newer Pythons.
_LATER = frozenset({"message", "asctime", "taskName"})
# Nor what Django puts there: the whole request.
_NO_EXTRA = _LATER | {"request"}
_STANDARD = _LATER | logging.LogRecord("", 0, "", 0, "", (), None).__dict__.keys()
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
    given = record.__dict__ if type(record) is _Record else _fields(record)
    if given["levelno"] < settings.log_level or given["name"] in _LEFT_OUT:
        return
    if quiet.at_work and quiet.here.is_ingesting:
        _say(record)
        return
    thread = get_ident()
    depth = _depths.get(thread, 0)
    if depth >= MAX_NESTED:
        sink.lost()
        return
    _depths[thread] = depth + 1
    try:
        unit = _current()
        if unit is None or unit.spent is None:
            _capture(record, given, unit)
        else:
            began = perf_counter_ns()
            _capture(record, given, unit)
            unit.spent += perf_counter_ns() - began
    except Exception:
        sink.lost("recording a log record")
    finally:
        if depth:
            _depths[thread] = depth
        else:
            _depths.pop(thread, None)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """The attributes of a record whose class is not the library's own."""
    return {name: getattr(record, name, None) for name in _STANDARD} | record.__dict__


def _say(record: logging.LogRecord) -> None:
    try:
        if record.levelno >= logging.WARNING:
            faults.say(f"{record.name} in ingest", _message(record))
    except Exception:
        faults.report("telling of a log record")


def _capture(record: logging.LogRecord, given: dict[str, Any], unit: Unit | None) -> None:
    destination = sink.chosen or sink.current()
    level = given["levelno"]
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
    if given["exc_info"]:
        _capture_error(record, unit)


def _capture_error(record: logging.LogRecord, unit: Unit | None) -> None:
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
    given = record.__dict__ if type(record) is _Record else _fields(record)
    try:
        message = record.getMessage()
    except Exception as error:
        message = _unformatted(record, error)
    if type(message) is str and len(message) <= MESSAGE_LIMIT:
        message = redact.text(message)
    else:
        message = values.text(message, MESSAGE_LIMIT)
    # A message without arguments may be made for this record alone, and is no template.
    template = given["msg"] if given["args"] else None
    place = _places.get((given["pathname"], given["lineno"]))
    if place is None or place[0] is not template or place[1] is not given["name"]:
        place = _place(record, template)
    _, _, shown, logger, code, keys = place
    attributes = {} if len(given) == _OWN else _attributes(record, given, keys)
    if unit is None:
        return events.LogMade(
            None, clock.now(), given["levelno"], logger, None, message, shown, code, attributes,
            None, {}, weight,
        )  # fmt: skip
    return events.LogMade(
        unit.uid, unit.start + (perf_counter_ns() - unit.start_ns) // 1000, given["levelno"],
        logger, unit.route or unit.where(), message, shown, code, attributes,
        unit.caller_trace_id, cast(Any, unit.fields or unit.bound()), weight,
    )  # fmt: skip


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:
        return _unformatted(record, error)


def _unformatted(record: logging.LogRecord, error: Exception) -> str:
    # What logging itself would print to stderr and lose.
    return f"{values.describe(record.msg)} [arguments do not fit: {type(error).__name__}]"


# A line of the code that logs → (its template and its logger as the program has them; template,
# logger and place as each of its records has them; the keys of `extra` that it was seen to give).
_Place = tuple[object, str, str | None, str, str, tuple[str, ...]]
_places: dict[tuple[str, int], _Place] = {}
_PLACES_LIMIT = 10_000


def _place(record: logging.LogRecord, given: object) -> _Place:
    extra = tuple(record.__dict__)[_OWN:] if type(record) is _Record else ()
    made = (
        given,
        record.name,
        _template(given) if type(given) is str else None,
        _template(record.name),
        f"{errors.short_path(record.pathname)}:{record.lineno} {record.funcName}",
        extra if len(extra) <= values.MAX_ITEMS and _NO_EXTRA.isdisjoint(extra) else (),
    )
    if len(_places) >= _PLACES_LIMIT:
        _places.clear()
    _places[record.pathname, record.lineno] = made
    return made


# Texts of the program itself, which come again and again.
@functools.lru_cache(maxsize=4_096)
def _template(text: str) -> str:
    return values.text(text, 1_000)


def _attributes(
    record: logging.LogRecord, given: dict[str, Any], keys: tuple[str, ...]
) -> dict[str, Any]:
    """What `extra` added to the record; `keys` if it is like the others of its place."""
    if len(given) == _OWN + len(keys) and type(record) is _Record:
        try:
            found = values.flat(given, keys)
        except KeyError:
            found = None
        if found is not None:
            return found
    if type(record) is not _Record:
        extra = {name: value for name, value in given.items() if name not in _STANDARD}
    else:
        # What its constructor sets stands first, and is not looked at one by one.
        extra = dict(islice(given.items(), _OWN, None))
        if not extra.keys().isdisjoint(_LATER):
            extra = {name: value for name, value in extra.items() if name not in _LATER}
    # Django puts the whole request there; its record is linked already.
    extra.pop("request", None)
    return values.clean_mapping(extra) if extra else {}
