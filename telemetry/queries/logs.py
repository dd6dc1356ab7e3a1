"""Log records."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, cast

from django.db.models import Min, Q, QuerySet
from django.db.models.expressions import RawSQL

from telemetry.models import Log, Request
from telemetry.models.base import UidStart
from telemetry.queries import ids, names
from telemetry.queries.filters import Filters
from telemetry.queries.paging import PAGE_SIZE, Cursor, Page, Source, fetch
from telemetry.queries.store import moment, rows

COLUMNS = (
    *("id", "uid", "level", "logger_id", "route_id", "message", "code_id", "attributes"),
    *("bound", "weight", "process_id"),
)
# The partial index holds these levels and above.
_SEVERE = RawSQL("30", ())
_SEVERE_FROM = 30
# A list of one trace's records follows at most this many of its units.
_MOST_UNITS = 200
# Changes of what is bound that are followed for the records of one list.
_MOST_NOTES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One log record; `uid` names the unit of work that made it, None outside of any.

    `attributes` are what was bound to its unit at that moment and, before that, its own. `weight`
    is how many records it stands for where others like it were left out, else None.
    """

    id: int
    at: datetime
    uid: str | None
    level: int
    logger: str
    route: str | None
    message: str
    code: str | None
    attributes: Mapping[str, Any]
    weight: float | None
    process_id: int | None


def page(filters: Filters, cursor: Cursor, size: int = PAGE_SIZE) -> Page[LogRow]:
    """Log records that meet `filters`, newest first."""
    condition = _condition(filters)
    if condition is None:
        return Page([])
    drivers = _drivers(filters)
    source = Source(drivers, condition, COLUMNS, filters.low, filters.high)
    return fetch(source, cursor, size).of(build)


def any_stored() -> bool:
    """Whether the store has any log record at all."""
    return rows(Log).order_by().values("id")[:1].exists()


def uid_of(log_id: int) -> tuple[int, str | None] | None:
    """The id and the unit of one record; None when there is no such record."""
    found: tuple[Any, ...] | None = rows(Log).filter(id=log_id).values_list("id", "uid").first()
    return None if found is None else (found[0], found[1])


def of_units(uids: Sequence[str], limit: int) -> list[LogRow]:
    """The records of units of work in order of time, at most `limit`."""
    found = made_in(uids).order_by("id").values(*COLUMNS)[:limit]
    return build(list(found))


def made_in(uids: Sequence[str]) -> QuerySet[Log]:
    """The records that units of work made."""
    return rows(Log).alias(start=UidStart("uid")).filter(start__in=_starts(uids), uid__in=uids)


def build(found: Sequence[dict[str, Any]]) -> list[LogRow]:
    """Rows from dictionaries of COLUMNS; names and what was bound are looked up together."""
    known = names.texts(
        row[column] for row in found for column in ("logger_id", "route_id", "code_id")
    )
    bound = _bound(found)
    copied = ("id", "uid", "level", "message", "weight", "process_id")
    return [
        LogRow(
            **{name: row[name] for name in copied},
            at=moment(row["id"]),
            logger=known.get(row["logger_id"], ""),
            route=known.get(row["route_id"]),
            code=known.get(row["code_id"]),
            attributes={**bound.get(row["id"], {}), **(row["attributes"] or {})},
        )
        for row in found
    ]


def _bound(found: Sequence[dict[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """By record, the fields bound to its unit: its own note of them, or the last one before it."""
    uids = list({row["uid"] for row in found if row["uid"]})
    if not uids:
        return {}
    newest = max(row["id"] for row in found)
    # Without a condition on the uid itself: the index of noted fields is then the only one to use.
    notes = (
        rows(Log)
        .alias(start=UidStart("uid"))
        .filter(start__in=_starts(uids), bound__isnull=False, id__lte=newest)
        .order_by("id")
        .values_list("uid", "id", "bound")[:_MOST_NOTES]
    )
    by_uid: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for uid, key, bound in cast("Any", notes):
        by_uid.setdefault(uid, []).append((key, bound))
    return {row["id"]: _last_until(by_uid.get(row["uid"], []), row["id"]) for row in found}


def _last_until(notes: list[tuple[int, Mapping[str, Any]]], key: int) -> Mapping[str, Any]:
    place = bisect_right(notes, key, key=itemgetter(0))
    return notes[place - 1][1] if place else {}


def _starts(uids: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(uid[:16]) for uid in uids]


def _drivers(filters: Filters) -> list[QuerySet[Log]]:
    base = rows(Log)
    if filters.trace or filters.transaction:
        return [made_in(_uids(filters))]
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
