"""Units of work: requests, tasks and commands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import IContains

from telemetry.models import Request
from telemetry.models.base import keys_of_unit
from telemetry.queries import ids, names
from telemetry.queries.filters import Filters
from telemetry.queries.paging import PAGE_SIZE, Cursor, Page, Source, fetch
from telemetry.queries.store import moment, rows

COLUMNS = (
    *("id", "uid", "caller_trace_id", "caller_request_id", "kind", "is_self", "method"),
    *("route_id", "path", "status", "duration", "level", "outcome", "transaction_id", "user_id"),
    *("error_type_id", "db_count", "db_time", "log_count", "process_id", "weight", "repeated"),
)


@dataclass(frozen=True, slots=True)
class Repeated:
    """A statement that one unit ran many times (N+1): its shape, how often, µs in all, where."""

    statement: str
    count: int
    time: int
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One unit of work; durations in microseconds.

    `weight` is how many units its kept detail stands for, None where none was kept.
    """

    id: int
    at: datetime
    uid: str
    trace_id: str
    request_id: str
    kind: str
    is_self: bool
    method: str | None
    route: str
    path: str | None
    status: int | None
    duration: int | None
    level: int
    outcome: str | None
    transaction_id: str | None
    user_id: str | None
    error_type: str | None
    db_count: int
    db_time: int
    log_count: int
    process_id: int | None
    weight: float | None
    repeated: Repeated | None

    @property
    def path_is_route(self) -> bool:
        """Whether the path says no more than the route: the route has no variable part."""
        return self.path is not None and self.path.strip("/") == self.route.strip("/")

    @property
    def title(self) -> str:
        """What it did in a few words."""
        return f"{self.method or self.kind} {self.path or self.route}"


def page(filters: Filters, cursor: Cursor, size: int = PAGE_SIZE) -> Page[RequestRow]:
    """Units that meet `filters`, newest first."""
    source = _source(filters)
    return Page([]) if source is None else fetch(source, cursor, size).of(build)


def any_stored() -> bool:
    """Whether the store has any unit of work at all."""
    return rows(Request).order_by().values("id")[:1].exists()


def build(found: Sequence[dict[str, Any]]) -> list[RequestRow]:
    """Rows from dictionaries of COLUMNS; names are looked up together."""
    known = names.texts(number for row in found for number in numbers(row))
    return [RequestRow(**facts(row, known)) for row in found]


def by_uids(uids: Iterable[str]) -> QuerySet[Request]:
    """The rows of units, by their own ids: each lies within a few milliseconds of keys."""
    condition = Q(pk__in=())
    for uid in uids:
        low, high = keys_of_unit(uid)
        condition |= Q(id__gte=low, id__lt=high, uid=uid)
    return rows(Request).filter(condition)


def numbers(row: dict[str, Any]) -> list[Any]:
    """The names that a dictionary of COLUMNS refers to."""
    return [row["route_id"], row["error_type_id"], *(row["repeated"] or ())[::3]]


def facts(row: dict[str, Any], known: dict[int | None, str]) -> dict[str, Any]:
    """The fields of a `RequestRow` from one dictionary of COLUMNS."""
    copied = {name: row[name] for name in COLUMNS if name in RequestRow.__dataclass_fields__}
    return {
        **copied,
        "at": moment(row["id"]),
        "trace_id": row["caller_trace_id"] or row["uid"],
        "request_id": row["caller_request_id"] or row["uid"],
        "kind": Request.Kind(row["kind"]).label,
        "route": known.get(row["route_id"], ""),
        "error_type": known.get(row["error_type_id"]),
        "repeated": _repeated(row["repeated"], known),
    }


def _repeated(stored: Any, known: dict[int | None, str]) -> Repeated | None:
    if not stored:
        return None
    statement, count, time, code = stored
    return Repeated(names.resolve(statement, known), count, time, known.get(code))


def _source(filters: Filters) -> Source | None:
    condition = _condition(filters)
    if condition is None:
        return None
    return Source(_drivers(filters), condition, COLUMNS, filters.low, filters.high)


def _drivers(filters: Filters) -> list[QuerySet[Request]]:
    base = rows(Request)
    if filters.transaction:
        forms = ids.spellings(filters.transaction)
        return [base.filter(transaction_id=form, **_load_run(filters)) for form in forms]
    if filters.load_run:
        return [base.filter(**_load_run(filters))]
    # A server's failure always has an error type, so both questions have the partial index.
    if filters.error or (filters.status and filters.status[0] >= 500):
        return [base.filter(error_type__isnull=False)]
    if filters.repeated:
        return [base.filter(repeated__isnull=False)]
    return [base]


def _load_run(filters: Filters) -> dict[str, str]:
    return {"load_run_id": filters.load_run} if filters.load_run else {}


def _condition(filters: Filters) -> Q | None:
    """What a row must meet besides; None when no row can."""
    condition = Q() if filters.include_self or filters.transaction else Q(is_self=False)
    for column, value in (
        ("method", filters.method),
        ("kind", filters.kind),
        ("outcome", filters.outcome),
        ("user_id", filters.user),
        ("level__gte", filters.level),
        ("status__range", filters.status),
    ):
        if value is not None:
            condition &= Q(**{column: value})
    if filters.repeated:
        condition &= Q(repeated__isnull=False)
    if filters.min_ms is not None:
        condition &= Q(duration__gte=int(filters.min_ms * 1000))
    for column, text in (("route_id", filters.route), ("error_type_id", filters.error)):
        if text and not (column == "error_type_id" and text == "any"):
            numbers = names.numbers(text)
            if not numbers:
                return None
            condition &= Q(**{f"{column}__in": numbers})
    return condition & _text(filters.q) if filters.q else condition


def _text(text: str) -> Q:
    """Rows whose path, or whose attributes as they are stored, contain `text`."""
    found = Q(IContains(Cast("attributes", TextField()), Value(text)))
    for column in ("path", "client_address", "outcome", "transaction_id", "load_run_id"):
        found |= Q(**{f"{column}__icontains": text})
    agents = names.containing(text)
    return found | Q(user_agent__in=agents) if agents else found
