"""A log record, or the call of a logger for which none was made → the event of the journal."""

import functools
import logging
from itertools import islice
from time import perf_counter_ns
from types import FrameType
from typing import Any

from django.core.signals import setting_changed

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
    if place is None or place.given is not template or place.name is not name:
        if len(_places) >= _PLACES_LIMIT:
            _places.clear()
        keys = tuple(added)[first:]
        place = _places[where] = Place(where, given["funcName"], name, template, keys)
    attributes = {} if len(added) == first else _attributes(added, first, place)
    return _event(given["levelno"], message, place, attributes, unit, weight)


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
    site = callers.caller(frame)
    place = site.place
    if place is None or place.given is not template or place.name is not name:
        keys = tuple(extra or ())
        place = site.place = Place(site.where, site.function, name, template, keys)
    attributes = _attributes(extra, 0, place) if extra else {}
    return _event(level, message, place, attributes, unit, weight)


def _unformatted(message: object, error: Exception) -> str:
    # What logging itself would print to stderr and lose.
    return f"{values.describe(message)} [arguments do not fit: {type(error).__name__}]"


class Place:
    """A line of the code that logs, and what its records have in common."""

    __slots__ = ("code", "given", "keys", "logger", "name", "names", "template")

    def __init__(
        self, where: tuple[str, int], function: str, name: str, given: object, keys: tuple[str, ...]
    ) -> None:
        # Template and logger as the program has them, and as a record has them.
        self.given = given
        self.name = name
        self.template = _template(given) if type(given) is str else None
        self.logger = _template(name)
        self.code = f"{errors.short_path(where[0])}:{where[1]} {function}"
        # Of `extra`, as the first record had it, and what they are called in a record; None where
        # they are to be looked at each time.
        is_usual = len(keys) <= values.MAX_ITEMS and _NO_EXTRA.isdisjoint(keys)
        self.names = values.names(keys) if is_usual else None
        self.keys = () if self.names is None else keys


_places: dict[tuple[str, int], Place] = {}
_PLACES_LIMIT = 10_000


def _forget_places(*, setting: str, **kwargs: Any) -> None:
    # Which keys are sensitive may be another matter now.
    if setting == "TELEMETRY":
        _places.clear()
        callers.forget()


setting_changed.connect(_forget_places)


# Texts of the program itself, which come again and again.
@functools.lru_cache(maxsize=4_096)
def _template(text: str) -> str:
    return values.text(text, 1_000)


def _event(
    level: int, message: str, place: Place, attributes: dict[str, Any],
    unit: Unit | None, weight: float | None,
) -> events.LogMade:  # fmt: skip
    if type(message) is str and len(message) <= MESSAGE_LIMIT:
        message = redact.text(message)
    else:
        message = values.text(message, MESSAGE_LIMIT)
    if unit is None:
        return events.LogMade(
            None, clock.now(), level, place.logger, None, message, place.template, place.code,
            attributes, None, {}, weight,
        )  # fmt: skip
    return events.LogMade(
        unit.uid, unit.start + (perf_counter_ns() - unit.start_ns) // 1000, level,
        place.logger, unit.route or unit.where(), message, place.template, place.code, attributes,
        unit.caller_trace_id, unit.fields or unit.bound(), weight,
    )  # fmt: skip


def _attributes(added: dict[str, Any], first: int, place: Place) -> dict[str, Any]:
    """What `extra` gave: all of `added` but the first so many."""
    # Of a copy: names and values go by their places, which another thread may change meanwhile.
    extra = _copied(added, first, place.keys) if first else added.copy()
    if place.names is not None and tuple(extra) == place.keys:
        found = values.flat(place.names, extra.values())
        if found is not None:
            return found
    if not _NO_EXTRA.isdisjoint(extra):
        extra = {name: value for name, value in extra.items() if name not in _NO_EXTRA}
    return values.clean_mapping(extra) if extra else {}


def _copied(added: dict[str, Any], first: int, keys: tuple[str, ...]) -> dict[str, Any]:
    """All of `added` but the first so many; quickly where these are the keys of the rest."""
    if len(added) == first + len(keys):
        try:
            return {key: added[key] for key in keys}
        except KeyError:
            # As many others.
            pass
    return dict(islice(added.items(), first, None))
