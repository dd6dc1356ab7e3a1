"""Error groups, and the times that each happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from telemetry.models import Error, Occurrence
from telemetry.models.fields import to_microseconds
from telemetry.queries import names, requests
from telemetry.queries.filters import Filters
from telemetry.queries.paging import PAGE_SIZE, Cursor, Page, Source, fetch
from telemetry.queries.requests import RequestRow
from telemetry.queries.store import moment, rows

# Of one group on a page: each has its stack.
OCCURRENCES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One fault: the same exception type raised at the same place of the code."""

    id: int
    type: str
    message: str
    culprit: str
    route: str | None
    first_seen: datetime
    last_seen: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceRow:
    """One time that a fault happened; `request` is None outside a unit, or while it runs."""

    id: int
    at: datetime
    uid: str | None
    error_id: int
    type: str
    handled: bool
    message: str
    stack: str
    process_id: int | None
    request: RequestRow | None = None


def page(filters: Filters, cursor: Cursor, size: int = PAGE_SIZE) -> Page[ErrorRow]:
    """Groups that were seen within the time range, the latest first.

    There are few groups, so their cursor is `last_seen` itself (microseconds).
    """
    upward = cursor.after is not None
    found = _matching(filters)
    if cursor.before is not None:
        found = found.filter(last_seen__lt=cursor.before)
    if cursor.after is not None:
        found = found.filter(last_seen__gt=cursor.after)
    listed = _build(found.order_by("last_seen" if upward else "-last_seen")[: size + 1])
    more = len(listed) > size
    listed = listed[:size]
    if upward:
        listed.reverse()
    if not listed:
        return Page([])
    first, last = (to_microseconds(row.last_seen) for row in (listed[0], listed[-1]))
    newer = more if upward else cursor.before is not None
    older = upward or more
    return Page(listed, first if newer else None, last if older else None)


def newest(limit: int) -> list[ErrorRow]:
    """The groups that were seen last."""
    return _build(rows(Error).order_by("-last_seen")[:limit])


def any_stored() -> bool:
    """Whether the store has any error at all."""
    return rows(Error).exists()


def group(error_id: int) -> ErrorRow | None:
    """One group; None when there is none with this id."""
    found = _build(rows(Error).filter(id=error_id))
    return found[0] if found else None


def occurrences(
    error_id: int, filters: Filters, cursor: Cursor, size: int = OCCURRENCES
) -> Page[OccurrenceRow]:
    """The times that a group's fault happened, newest first, each with its unit of work."""
    driver = rows(Occurrence).filter(error_id=error_id)
    columns = ("id", "uid", "error_id", "handled", "message", "stack", "process_id")
    source = Source([driver], Q(), columns, filters.low, filters.high)
    return fetch(source, cursor, size).of(_occurrences)


def of_units(uids: Sequence[str], limit: int) -> list[OccurrenceRow]:
    """The occurrences within units of work in order of time, at most `limit`."""
    found: Any = rows(Occurrence).filter(uid__in=uids).order_by("id").values()[:limit]
    return _occurrences(list(found), with_requests=False)


def _matching(filters: Filters) -> QuerySet[Error]:
    found = rows(Error)
    if filters.start is not None:
        found = found.filter(last_seen__gte=filters.start)
    if filters.end is not None:
        found = found.filter(first_seen__lt=filters.end)
    if filters.q:
        text = filters.q
        found = found.filter(
            Q(type__icontains=text) | Q(message__icontains=text) | Q(culprit__icontains=text)
        )
    if filters.route:
        found = found.filter(route_id__in=names.numbers(filters.route))
    return found


def _build(found: QuerySet[Error]) -> list[ErrorRow]:
    listed: list[Any] = list(found.values())
    known = names.texts(row["route_id"] for row in listed)
    return [
        ErrorRow(
            **{name: row[name] for name in ErrorRow.__dataclass_fields__ if name != "route"},
            route=known.get(row["route_id"]),
        )
        for row in listed
    ]


def _occurrences(
    found: Sequence[dict[str, Any]], with_requests: bool = True
) -> list[OccurrenceRow]:
    types = dict(
        rows(Error).filter(id__in={row["error_id"] for row in found}).values_list("id", "type")
    )
    units: dict[str | None, RequestRow] = {}
    if with_requests:
        uids = {row["uid"] for row in found if row["uid"]}
        matching = requests.by_uids(uids).values(*requests.COLUMNS)
        units = {unit.uid: unit for unit in requests.build(list(matching))}
    copied = ("id", "uid", "error_id", "handled", "message", "stack", "process_id")
    return [
        OccurrenceRow(
            **{name: row[name] for name in copied},
            at=moment(row["id"]),
            type=types.get(row["error_id"], ""),
            request=units.get(row["uid"]),
        )
        for row in found
    ]
