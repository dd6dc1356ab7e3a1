"""Log records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import Min, Q, QuerySet
from django.db.models.expressions import RawSQL

from telemetry.models import Log, Request
from telemetry.queries import ids, names
from telemetry.queries.filters import Filters
from telemetry.queries.paging import Cursor, Page, Source, fetch
from telemetry.queries.store import moment, rows

COLUMNS = (
    *("id", "uid", "level", "logger_id", "route_id", "message", "code", "attributes"),
    *("process_id",),
)
# The partial index holds these levels and above.
_SEVERE = RawSQL("30", ())
_SEVERE_FROM = 30
# A list of one trace's records follows at most this many of its units.
_MOST_UNITS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One log record; `uid` names the unit of work that made it, None outside of any."""

    id: int
    at: datetime
    uid: str | None
    level: int
    logger: str
    route: str | None
    message: str
    code: str | None
    attributes: Mapping[str, Any]
    process_id: int | None


def page(filters: Filters, cursor: Cursor) -> Page[LogRow]:
    """Log records that meet `filters`, newest first."""
    condition = _condition(filters)
    if condition is None:
        return Page([])
    drivers = _drivers(filters)
    return fetch(Source(drivers, condition, COLUMNS, filters.low, filters.high), cursor).of(build)


def any_stored() -> bool:
    """Whether the store has any log record at all."""
    return rows(Log).order_by().values("id")[:1].exists()


def uid_of(log_id: int) -> tuple[int, str | None] | None:
    """The id and the unit of one record; None when there is no such record."""
    found: tuple[Any, ...] | None = rows(Log).filter(id=log_id).values_list("id", "uid").first()
    return None if found is None else (found[0], found[1])


def of_units(uids: Sequence[str], limit: int) -> list[LogRow]:
    """The records of units of work in order of time, at most `limit`."""
    found = rows(Log).filter(uid__in=uids).order_by("id").values(*COLUMNS)[:limit]
    return build(list(found))


def build(found: Sequence[dict[str, Any]]) -> list[LogRow]:
    """Rows from dictionaries of COLUMNS; names are looked up together."""
    known = names.texts(number for row in found for number in (row["logger_id"], row["route_id"]))
    return [
        LogRow(
            **{name: row[name] for name in ("id", "uid", "level", "message", "code", "process_id")},
            at=moment(row["id"]),
            logger=known.get(row["logger_id"], ""),
            route=known.get(row["route_id"]),
            attributes=row["attributes"] or {},
        )
        for row in found
    ]


def _drivers(filters: Filters) -> list[QuerySet[Log]]:
    base = rows(Log)
    if filters.trace or filters.transaction:
        return [base.filter(uid__in=_uids(filters))]
    if filters.level is not None and filters.level >= _SEVERE_FROM:
        # With the level fixed the index is in order of the key; the literal names its condition.
        severe = base.filter(level__gte=_SEVERE)
        return [severe.filter(level=level) for level in _levels(filters.level)]
    return [base]


def _levels(least: int) -> list[int]:
    """The levels that occur from `least` up: one seek in the index for each."""
    levels: list[int] = []
    severe = rows(Log).filter(level__gte=_SEVERE)
    while len(levels) < 20:
        found = severe.filter(level__gte=least).aggregate(least=Min("level"))["least"]
        if found is None:
            break
        levels.append(found)
        least = found + 1
    return levels


def _uids(filters: Filters) -> list[str]:
    asked = []
    if filters.trace:
        asked.append(_uids_of_trace(filters.trace))
    if filters.transaction:
        forms = ids.spellings(filters.transaction)
        found = rows(Request).filter(transaction_id__in=forms).order_by("id")
        asked.append(_first_uids(found))
    return [uid for uid in asked[0] if all(uid in others for others in asked)]


def _uids_of_trace(text: str) -> list[str]:
    digits = ids.hexadecimal(text)
    if digits is None:
        return []
    called = rows(Request).filter(caller_trace_id=digits).order_by("id")
    # A unit that is still running has records but no row yet, so the id itself is among them.
    return [digits, *_first_uids(called)]


def _first_uids(found: QuerySet[Request]) -> list[str]:
    return [row["uid"] for row in cast("Any", found.values("uid")[:_MOST_UNITS])]


def _condition(filters: Filters) -> Q | None:
    condition = Q()
    if filters.level is not None:
        condition &= Q(level__gte=filters.level)
    for column, text in (("logger_id", filters.logger), ("route_id", filters.route)):
        if text:
            numbers = names.numbers(text)
            if not numbers:
                return None
            condition &= Q(**{f"{column}__in": numbers})
    return condition & Q(message__icontains=filters.q) if filters.q else condition
