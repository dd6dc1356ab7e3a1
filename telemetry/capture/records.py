"""A log record, or the call of a logger for which none was made → the event of the journal."""

import functools
import logging
from itertools import islice
from time import perf_counter_ns
from types import FrameType
from typing import Any, cast

from telemetry.capture import callers, clock, errors, listeners, redact, values
from telemetry.capture.context import Unit
from telemetry.journal import events

MESSAGE_LIMIT = 16_000
_Record = logging.LogRecord
_OWN = len(listeners.STANDARD)
# Set by formatters, and by newer Pythons.
_LATER = frozenset({"message", "asctime", "taskName"})
# Nor what Django puts there: the whole request. Its record is linked already.
_NO_EXTRA = _LATER | {"request"}
_STANDARD = _LATER | listeners.STANDARD
# Level, name of the logger, message, arguments, `extra`, the frame that called `Logger._log`.
Call = tuple[int, str, Any, tuple[Any, ...], dict[str, Any] | None, FrameType]


def to_event(
    record: logging.LogRecord, unit: Unit | None, weight: float | None = None
) -> events.LogMade:
    """The event of a log record: message formatted, `extra` and bound fields as attributes."""
    if type(record) is _Record:
        # What its constructor sets stands first, and is not looked at one by one.
        given = added = record.__dict__
        first = _OWN
    else:
        given = fields(record)
        added = {name: value for name, value in given.items() if name not in _STANDARD}
        first = 0
    try:
        message = record.getMessage()
    except Exception as error:
        message = _unformatted(record.msg, error)
    # A message without arguments may be made for this record alone, and is no template.
    template = given["msg"] if given["args"] else None
    name = given["name"]
    where = given["pathname"], given["lineno"]
    place = _places.get(where)
    if place is None or place[0] is not template or place[1] is not name:
        place = _place(where, given["funcName"], name, template, tuple(added)[first:])
    return _event(given["levelno"], message, place, added, first, unit, weight)


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """The attributes of a record."""
    # Read by key, not by name: a record has so many that Python looks each name up in its class
    # first, every time.
    if type(record) is _Record:
        return record.__dict__
    return {name: getattr(record, name, None) for name in _STANDARD} | record.__dict__


def from_call(call: Call, unit: Unit | None, weight: float | None = None) -> events.LogMade:
    """The event of the record that the library would have made of this call."""
    level, name, given, arguments, extra, frame = call
    try:
        message = given if type(given) is str else str(given)
        if arguments:
            message = message % arguments
    except Exception as error:
        message = _unformatted(given, error)
    template = given if arguments else None
    added = extra or {}
    site = callers.site(frame)
    place = _places.get(site.where)
    if place is None or place[0] is not template or place[1] is not name:
        place = _place(site.where, site.function, name, template, tuple(added))
    return _event(level, message, place, added, 0, unit, weight)


def _unformatted(message: object, error: Exception) -> str:
    # What logging itself would print to stderr and lose.
    return f"{values.describe(message)} [arguments do not fit: {type(error).__name__}]"


# A line of the code that logs → (its template and its logger as the program has them; template,
# logger and place as each of its records has them; the keys of `extra` that it was seen to give).
_Place = tuple[object, str, str | None, str, str, tuple[str, ...]]
_places: dict[tuple[str, int], _Place] = {}
_PLACES_LIMIT = 10_000


def _place(
    where: tuple[str, int], function: str, name: str, template: object, keys: tuple[str, ...]
) -> _Place:
    made = (
        template,
        name,
        _template(template) if type(template) is str else None,
        _template(name),
        f"{errors.short_path(where[0])}:{where[1]} {function}",
        keys if len(keys) <= values.MAX_ITEMS and _NO_EXTRA.isdisjoint(keys) else (),
    )
    if len(_places) >= _PLACES_LIMIT:
        _places.clear()
    _places[where] = made
    return made


# Texts of the program itself, which come again and again.
@functools.lru_cache(maxsize=4_096)
def _template(text: str) -> str:
    return values.text(text, 1_000)


def _event(
    level: int, message: str, place: _Place, added: dict[str, Any], first: int,
    unit: Unit | None, weight: float | None,
) -> events.LogMade:  # fmt: skip
    """`added` has what `extra` gave, after `first` other entries."""
    if type(message) is str and len(message) <= MESSAGE_LIMIT:
        message = redact.text(message)
    else:
        message = values.text(message, MESSAGE_LIMIT)
    _, _, template, logger, code, keys = place
    attributes = {} if len(added) == first else _attributes(added, first, keys)
    if unit is None:
        return events.LogMade(
            None, clock.now(), level, logger, None, message, template, code, attributes,
            None, {}, weight,
        )  # fmt: skip
    return events.LogMade(
        unit.uid, unit.start + (perf_counter_ns() - unit.start_ns) // 1000, level,
        logger, unit.route or unit.where(), message, template, code, attributes,
        unit.caller_trace_id, cast(Any, unit.fields or unit.bound()), weight,
    )  # fmt: skip


def _attributes(added: dict[str, Any], first: int, keys: tuple[str, ...]) -> dict[str, Any]:
    """What `extra` gave; `keys` if it is like the others of its place."""
    if len(added) == first + len(keys):
        try:
            found = values.flat(added, keys)
        except KeyError:
            found = None
        if found is not None:
            return found
    extra = dict(islice(added.items(), first, None))
    if not _NO_EXTRA.isdisjoint(extra):
        extra = {name: value for name, value in extra.items() if name not in _NO_EXTRA}
    return values.clean_mapping(extra) if extra else {}
