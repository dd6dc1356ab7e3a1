"""The parameters of the API: how each is written, and a strict reader that names what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from telemetry.api.problems import BadArguments
from telemetry.queries.filters import Filters, parse
from telemetry.queries.paging import PAGE_SIZE, Cursor
from telemetry.queries.values import KINDS, LEVELS

MAX_LIMIT = 200
_SPAN = {"type": "string", "pattern": r"^[1-9][0-9]{0,5}[smhd]$"}
_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string", "maxLength": 200}
_FLAG = {"type": "string", "enum": ["0", "1"]}
_TEXTS = {"type": "array", "items": {"type": "string"}}
# name: (schema, what it means)
PARAMETERS: Mapping[str, tuple[dict[str, Any], str]] = {
    "since": (_SPAN, "From so long ago: 15m, 1h, 24h, 7d. `from` and `to` go before it."),
    "from": (_TIME, "Earliest time, included; UTC unless it says otherwise."),
    "to": (_TIME, "Latest time, excluded; UTC unless it says otherwise."),
    "q": (_TEXT, "Text that a row has in it, whatever its case."),
    "route": (_TEXT, "Route, or a part of it."),
    "status": ({"type": "string", "pattern": "^[1-5]([0-9]{2}|xx)$"}, "500 or 5xx."),
    "level": ({"type": "string", "enum": list(LEVELS)}, "Lowest level of the log records."),
    "outcome": (_TEXT, "Outcome of the payment."),
    "method": ({"type": "string", "pattern": "^[A-Za-z]{1,20}$"}, "HTTP method."),
    "kind": ({"type": "string", "enum": list(KINDS)}, "Kind of unit of work."),
    "error": (_TEXT, "Error type, or a part of it; `any` for all that failed."),
    "min_ms": (
        {"type": "number", "minimum": 0, "maximum": 1_000_000_000},
        "Shortest duration in milliseconds.",
    ),
    "user": (_TEXT, "Id of the user."),
    "transaction": (_TEXT, "Id of the transaction."),
    "trace": (_TEXT, "Trace id, UUID or traceparent."),
    "logger": (_TEXT, "Name of the logger, or a part of it."),
    "load_run": (_TEXT, "Id of the load run."),
    "repeated": (_FLAG, "1: only with a statement that ran many times (N+1)."),
    "self": (_FLAG, "1: telemetry's own pages too."),
    "cursor": (
        {"type": "string", "pattern": "^[0-9]{1,19}$"},
        "Go on after this row; `next` of the page before has it.",
    ),
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
        "Rows of a page, at most.",
    ),
    "labels": (_TEXTS, "`name=value` that a series must have; may be given more than once."),
    "by": (_TEXTS, "Label to keep, merging over the others; may be given more than once."),
    "merge": (_FLAG, "1: merge all series into one."),
    "step": (
        {"type": "integer", "minimum": 1, "maximum": 1_000_000_000},
        "Seconds a point: a multiple of 10, of 60 or of 3600. Chosen where it is not given.",
    ),
    "quantiles": (
        {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},
        "Quantile of a histogram, 0 to 1; may be given more than once.",
    ),
}
PAGING = ("cursor", "limit")


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters, cursor and size of a page."""

    filters: Filters
    cursor: Cursor
    limit: int


def read(params: QueryDict, allowed: Sequence[str]) -> dict[str, list[str]]:
    """The values of each parameter; raises BadArguments for what there is not, or is not one."""
    faults = {}
    for name, given in params.lists():
        if name not in allowed:
            listed = ", ".join(allowed) if allowed else "none"
            faults[name] = f"There is no such parameter here. There are: {listed}."
        elif len(given) > 1 and not is_list(name):
            faults[name] = "It is given more than once."
    if faults:
        raise BadArguments(faults)
    return dict(params.lists())


def is_list(name: str) -> bool:
    """Whether a parameter may be given more than once."""
    return bool(PARAMETERS[name][0]["type"] == "array")


def page(params: QueryDict, fields: Sequence[str], size: int = PAGE_SIZE) -> Asked:
    """What a list is asked for: filters (`fields`), `cursor`, `limit`. Raises BadArguments."""
    given = {name: values[0] for name, values in read(params, (*fields, *PAGING)).items()}
    limit = number(given.pop("limit", str(size)), "limit", 1, MAX_LIMIT)
    # The pages' own grammar has two directions; a program goes on in one.
    if cursor := given.pop("cursor", ""):
        given["before"] = cursor
    parsed = parse(given, fields)
    if parsed.errors:
        faults = {
            "cursor" if name == "before" else name: text for name, text in parsed.errors.items()
        }
        raise BadArguments({name: sentence(text) for name, text in faults.items()})
    return Asked(parsed.filters, parsed.cursor, limit)


def number(text: str, name: str, least: int, most: int) -> int:
    """A whole number within bounds; raises BadArguments."""
    if text.isascii() and text.isdigit() and len(text) <= 10 and least <= int(text) <= most:
        return int(text)
    raise BadArguments({name: f"A whole number from {least} to {most} is needed."})


def sentence(text: str) -> str:
    """What goes on from a parameter's name, so that it stands alone."""
    return text if text.startswith("“") else f"It {text}"
