"""The filter form: one description of its fields for every page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from telemetry.queries.filters import Filters, Parsed
from telemetry.queries.values import KINDS, LEVELS

RANGES = (
    ("15m", "15 min"),
    ("1h", "1 hour"),
    ("24h", "24 hours"),
    ("7d", "7 days"),
    ("30d", "30 days"),
)
_OUTCOMES = ("success", "declined", "rejected", "throttled", "error", "unknown")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# So many fields are always seen, the others behind “More filters”.
_MAIN = 5
_STATUSES = ("2xx", "3xx", "4xx", "5xx")

# name: (label, input type, hint, suggested values)
_FIELDS: Mapping[str, tuple[str, str, str, Sequence[str]]] = {
    "q": ("Text", "search", "", ()),
    "route": ("Route", "text", "", ()),
    "status": ("Status", "text", "500 or 5xx", _STATUSES),
    "level": ("Level, at least", "select", "", LEVELS),
    "outcome": ("Outcome", "text", "", _OUTCOMES),
    "method": ("Method", "select", "", _METHODS),
    "kind": ("Kind", "select", "", tuple(KINDS)),
    "error": ("Error type", "text", "any, or a name", ("any",)),
    "min_ms": ("Slower than, ms", "number", "", ()),
    "user": ("User", "text", "", ()),
    "transaction": ("Transaction", "text", "", ()),
    "trace": ("Trace", "text", "", ()),
    "load_run": ("Load run", "text", "", ()),
    "logger": ("Logger", "text", "", ()),
    "from": ("From, UTC", "datetime-local", "", ()),
    "to": ("To, UTC", "datetime-local", "", ()),
    "repeated": ("Only with repeated SQL (N+1)", "checkbox", "", ()),
    "self": ("Show telemetry itself", "checkbox", "", ()),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field as the template draws it."""

    name: str
    label: str
    type: str
    value: str
    error: str = ""
    hint: str = ""
    choices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One link of the time-range picker."""

    label: str
    query: str
    current: bool


def context(
    parsed: Parsed, params: Mapping[str, str], allowed: Sequence[str], *, any_time: bool = True
) -> dict[str, Any]:
    """What `_filters.html` and `_ranges.html` need; `params` are shown again even when bad."""
    fields = [
        _field(name, params.get(name, "").strip(), parsed.errors.get(name, ""))
        for name in _FIELDS
        if name in allowed
    ]
    return {
        "filters": parsed.filters,
        "main_fields": fields[:_MAIN],
        "more_fields": fields[_MAIN:],
        "more_open": any(field.value for field in fields[_MAIN:]),
        "filter_errors": dict(parsed.errors),
        "ranges": _ranges(parsed.filters, any_time),
        "since": parsed.filters.raw.get("since", ""),
    }


def _field(name: str, value: str, error: str) -> Field:
    label, kind, hint, choices = _FIELDS[name]
    # A choice that came by URL and is not offered must not silently become another one.
    if kind == "select" and value and value not in choices:
        choices = (value, *choices)
    # A browser empties a typed field whose value it can't read: then nothing could be corrected.
    if error and kind != "select":
        kind = "text"
    if kind == "datetime-local":
        value = value.removesuffix("Z").removesuffix("+00:00")
    return Field(name, label, kind, value, error, hint, choices)


def _ranges(filters: Filters, any_time: bool) -> list[Choice]:
    current = filters.raw.get("since", "")
    explicit = filters.start is not None or filters.end is not None
    absent: dict[str, None] = {"from": None, "to": None}
    choices = [
        Choice(label, filters.query(since=since, **absent), since == current)
        for since, label in RANGES
    ]
    if any_time:
        choices.append(Choice("Any time", filters.query(since=None, **absent), not explicit))
    return choices
