"""Whether anybody but telemetry would hear a log record, or miss it if none was made.

`logging` spends most of its time on what handlers read; where there is none that wants a record,
none need be made. Looked at anew for each call, so that whatever is added or patched counts from
the next one on.
"""

import logging
from collections.abc import Mapping
from inspect import signature
from operator import attrgetter, itemgetter
from types import FunctionType
from typing import Any

from telemetry.capture.callers import SOURCE

# Some of what is asked for has no public name.
_library: Any = logging
_own_source = _library._srcfile
_Record = logging.LogRecord
# Read from the class's own mapping: Python keeps few places for attributes of classes that it has
# looked up, and each that is asked for here would push one of the application's out.
_record_own = _Record.__dict__
_init, _get_message = _record_own["__init__"], _record_own["getMessage"]
# What a record has before `extra` is added; and what `extra` may not bring.
STANDARD = frozenset(_Record("", 0, "", 0, "", (), None).__dict__)
_TAKEN = STANDARD | {"message", "asctime"}
# One that `getLogger` made has `manager` besides.
_ATTRIBUTES_OF_LOGGER = len(logging.Logger("").__dict__) + 1  # noqa: LOG001 - in no tree
# Never a mapping, which as the only argument is more than one.
_SINGLE = frozenset({str, int, float, bool, type(None)})
# From a call to the handlers.
_STEPS = ("makeRecord", "handle", "filter", "callHandlers", "findCaller")
_steps_of = attrgetter(*_STEPS)
_steps: tuple[Any, ...] = ()
# `filter` is a base class's, unless somebody gives the logger's class one of its own.
_INHERITED = "filter"
_own_steps_of = itemgetter(*(step for step in _STEPS if step != _INHERITED))
_logger_own = logging.Logger.__dict__
_filterer_own = logging.Filterer.__dict__
_own_steps: tuple[Any, ...] = ()
_own_filter: Any = None
_ARGUMENTS = ("self", "level", "msg", "args", "exc_info", "extra", "stack_info", "stacklevel")


def are_patched() -> bool:
    """Whether a step from a call to the handlers is not the library's own any more, or not as known
    here."""
    steps = (*_steps_of(logging.Logger), logging.Logger._log, _init, _get_message)
    return (
        any(
            not isinstance(step, FunctionType) or step.__code__.co_filename != SOURCE
            for step in steps
        )
        or tuple(signature(logging.Logger._log).parameters) != _ARGUMENTS
    )


def accept() -> None:
    """The steps are as they should be now."""
    global _steps, _own_steps, _own_filter
    _steps = _steps_of(logging.Logger)
    _own_steps, _own_filter = _own_steps_of(_logger_own), _filterer_own[_INHERITED]


def is_alone(
    logger: logging.Logger, level: int, arguments: tuple[Any, ...], extra: dict[str, Any] | None
) -> bool:
    """Whether telemetry is all that this call of the logger's `_log` would reach, with a record
    that no filter, subclass, factory or patch has a say in, and without an error."""
    step: logging.Logger | None = logger
    is_handled = False
    while step:
        for handler in step.handlers:
            if type(handler) is not logging.NullHandler and level >= handler.level:
                return False
            is_handled = True
        step = step.parent if step.propagate else None
    return (
        (is_handled or _is_below_last_resort(level))
        and not logger.filters
        and not logger.disabled
        and (extra is None or (type(extra) is dict and _TAKEN.isdisjoint(extra)))
        and type(level) is int
        and type(arguments) is tuple
        and not (
            len(arguments) == 1
            and type(arguments[0]) not in _SINGLE
            and isinstance(arguments[0], Mapping)
        )
        and _library._logRecordFactory is _Record
        and _library._srcfile is _own_source
        and _record_own["__init__"] is _init
        and _record_own["getMessage"] is _get_message
        and _takes_the_known_steps(type(logger))
        # One instance may have been given a step of its own.
        and (
            (len(own := logger.__dict__) == _ATTRIBUTES_OF_LOGGER and "manager" in own)
            or own.keys().isdisjoint(_STEPS)
        )
    )


def _takes_the_known_steps(kind: type[logging.Logger]) -> bool:
    if kind is not logging.Logger:
        return _steps_of(kind) == _steps
    return (
        _own_steps_of(_logger_own) == _own_steps
        and _filterer_own[_INHERITED] is _own_filter
        and _logger_own.get(_INHERITED, _own_filter) is _own_filter
    )


def _is_below_last_resort(level: int) -> bool:
    return logging.lastResort is not None and level < logging.lastResort.level
