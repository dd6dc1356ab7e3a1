"""SQL statements of a unit of work: their shapes, and those that repeat (N+1)."""

import functools
import re
import sys
from types import FrameType
from typing import Any

from telemetry.capture import errors, redact
from telemetry.capture.context import FEWEST, Unit
from telemetry.journal import events

# Statements carry placeholders, but hand-written SQL may hold values: they are never kept. A text
# may be cut at the limit.
_LITERAL = re.compile(
    r"'(?:[^']|'')*(?:'|\Z)|\$(\w*)\$.*?(?:\$\1\$|\Z)|(?<![\w$?:])\d[\w.]*", re.DOTALL
)
_LIMIT = 2_000
# A shape that ran so often in one unit is a repetition; or fewer times, for so much of its time.
MANY = 10
_SHARE = 0.25
_DEEPEST = 80


def shape(sql: Any) -> str:
    """The statement with its literals replaced by `?`."""
    if not isinstance(sql, str):
        # A driver's own object, whose text may hold the values.
        return f"<{type(sql).__qualname__}>"
    return _shape(sql if len(sql) <= _LIMIT else sql[:_LIMIT])


@functools.lru_cache(maxsize=2_048)
def _shape(sql: str) -> str:
    # First: quoted names and comments are no literals, and may hold anything.
    return _LITERAL.sub("?", redact.text(sql))


def spans(unit: Unit) -> list[events.Span] | None:
    """(offset µs, duration µs, alias, shape) of each; None when they were only counted."""
    if unit.db_count and not unit.spans:
        return None
    return [
        ((began - unit.start_ns) // 1000, spent // 1000, alias, shape(sql))
        for began, spent, alias, sql in unit.spans
    ]


def note_caller(unit: Unit, sql: Any) -> None:
    """Remember the line that runs `sql`, when the unit has run it some times already."""
    if unit.callers is None:
        unit.callers = {}
    found = shape(sql)
    if found in unit.callers:
        return
    if sum(1 for span in unit.spans if span[3] == sql or shape(span[3]) == found) >= FEWEST:
        unit.callers[found] = _caller()


def repeated(unit: Unit, duration: int) -> events.Repeated | None:
    """The shape that took most of the unit's time among those that repeat, if one does.

    It ran 10 times, or 5 times and took a quarter of `duration` (µs).
    """
    sums: dict[str, list[int]] = {}
    for _, spent, _, sql in unit.spans:
        found = sums.setdefault(shape(sql), [0, 0])
        found[0] += 1
        found[1] += spent
    many = [
        (spent // 1000, count, text)
        for text, (count, spent) in sums.items()
        if count >= MANY or (count >= FEWEST and spent >= duration * 1000 * _SHARE)
    ]
    if not many:
        return None
    spent, count, text = max(many)
    return events.Repeated(text, count, spent, (unit.callers or {}).get(text))


def _caller() -> str | None:
    """`file:line function` of the innermost frame of the application's own code."""
    # Beyond this module and the execute wrapper's.
    frame: FrameType | None = sys._getframe(5)
    for _ in range(_DEEPEST):
        if frame is None:
            break
        code = frame.f_code
        if errors.is_own(code.co_filename):
            return f"{errors.short_path(code.co_filename)}:{frame.f_lineno} {code.co_name}"
        frame = frame.f_back
    return None
