"""Load runs: what the clients of a load test saw, beside what was stored of it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.db.models.functions import Coalesce

from telemetry.models import LoadRun, Request
from telemetry.models.fields import to_microseconds
from telemetry.queries import clients
from telemetry.queries.clients import ClientSide
from telemetry.queries.filters import Filters
from telemetry.queries.paging import PAGE_SIZE, Cursor, Page
from telemetry.queries.store import rows


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run. `requests` and `errors` count what this server stored; `client` is None until the
    clients' result has come in."""

    id: str
    first_seen: datetime | None
    last_seen: datetime | None
    requests: int
    errors: int
    client: ClientSide | None

    @property
    def difference(self) -> int | None:
        """Requests counted by the clients less those stored here."""
        return None if self.client is None else self.client.total.requests - self.requests

    @property
    def is_complete(self) -> bool | None:
        """Whether what is stored can be what was sent: each answered request, and of those that
        got no answer or were cut off at the end at most all."""
        if self.client is None:
            return None
        total = self.client.total
        answered = total.requests - total.unanswered
        return answered <= self.requests <= total.requests + self.client.unfinished


def page(filters: Filters, cursor: Cursor, size: int = PAGE_SIZE) -> Page[RunRow]:
    """Runs within the time range, the newest first.

    There are few, so their cursor is `first_seen` itself (microseconds).
    """
    upward = cursor.after is not None
    found = rows(LoadRun).exclude(first_seen=None)
    if filters.start is not None:
        found = found.filter(last_seen__gte=filters.start)
    if filters.end is not None:
        found = found.filter(first_seen__lt=filters.end)
    if cursor.before is not None:
        found = found.filter(first_seen__lt=cursor.before)
    if cursor.after is not None:
        found = found.filter(first_seen__gt=cursor.after)
    listed = [
        _build(one) for one in found.order_by("first_seen" if upward else "-first_seen")[: size + 1]
    ]
    more = len(listed) > size
    listed = listed[:size]
    if upward:
        listed.reverse()
    if not listed:
        return Page([])
    first, last = (
        to_microseconds(row.first_seen) for row in (listed[0], listed[-1]) if row.first_seen
    )
    newer = more if upward else cursor.before is not None
    older = upward or more
    return Page(listed, first if newer else None, last if older else None)


def any_stored() -> bool:
    """Whether any load run was seen at all."""
    return rows(LoadRun).exists()


def run(run_id: str) -> RunRow | None:
    """One run; None when there is none with this id."""
    found = rows(LoadRun).filter(id=run_id).first()
    return None if found is None else _build(found)


def stored(run_id: str) -> tuple[int, int]:
    """Rows of a run, and how many different traces they are of; counts all of them."""
    counted = (
        rows(Request)
        .filter(load_run_id=run_id)
        .aggregate(
            requests=Count("id"), traces=Count(Coalesce("caller_trace_id", "uid"), distinct=True)
        )
    )
    return counted["requests"], counted["traces"]


def _build(found: LoadRun) -> RunRow:
    return RunRow(
        id=found.id,
        first_seen=found.first_seen,
        last_seen=found.last_seen,
        requests=found.requests,
        errors=found.errors,
        client=clients.parse(found.result),
    )
