"""One load run in detail: both sides of each endpoint, its slowest requests and its errors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from telemetry.models import Occurrence, Request
from telemetry.queries import errors, names, quantiles, requests
from telemetry.queries.clients import ClientSide, Figures
from telemetry.queries.errors import ErrorRow
from telemetry.queries.loadruns import RunRow
from telemetry.queries.requests import RequestRow
from telemetry.queries.store import rows

# Figures are of this many of a run's newest requests: a page is never late.
MOST_ROWS = 10_000
_MOST_FAILED = 500
_SLOWEST = 10
_ERRORS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSide:
    """What the server measured at one endpoint; milliseconds."""

    requests: int
    failures: int
    p50: float
    p95: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """Both sides of one endpoint; None where a side has nothing of it."""

    method: str
    route: str
    client: Figures | None
    server: ServerSide | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """A run's page. `looked_at` rows (the newest) are behind server figures, slowest and errors."""

    run: RunRow
    endpoints: Sequence[EndpointRow]
    slowest: Sequence[RequestRow]
    errors: Sequence[tuple[ErrorRow, int]]
    looked_at: int

    @property
    def is_partial(self) -> bool:
        """Whether the run has more requests than were looked at."""
        return self.looked_at < self.run.requests


def detail(found: RunRow) -> RunDetail:
    """Everything of a run's page."""
    columns = ("id", "uid", "method", "route_id", "status", "duration", "error_type_id")
    mine = rows(Request).filter(load_run_id=found.id).order_by("-id")
    listed: list[Any] = list(mine.values_list(*columns)[:MOST_ROWS])
    failed = [row[1] for row in listed if row[6] is not None][:_MOST_FAILED]
    slowest = sorted(listed, key=lambda row: row[5] or 0, reverse=True)[:_SLOWEST]
    return RunDetail(
        run=found,
        endpoints=_endpoints(found.client, _server_sides(listed)),
        slowest=_requests([row[0] for row in slowest]),
        errors=_errors(failed),
        looked_at=len(listed),
    )


def _server_sides(listed: Iterable[Sequence[Any]]) -> dict[tuple[str, str], ServerSide]:
    durations: dict[tuple[str, int], list[int]] = {}
    failures: dict[tuple[str, int], int] = {}
    for _, _, method, route, status, duration, _ in listed:
        key = (method or "", route)
        durations.setdefault(key, []).append(duration or 0)
        failures[key] = failures.get(key, 0) + ((status or 500) >= 500)
    texts = names.texts(route for _, route in durations)
    return {
        (method, texts.get(route, "")): _figures(sorted(spent), failures[method, route])
        for (method, route), spent in durations.items()
    }


def _figures(durations: Sequence[int], failures: int) -> ServerSide:
    p50, p95, p99 = (quantiles.nearest_rank(durations, q) / 1000 for q in (0.5, 0.95, 0.99))
    return ServerSide(
        requests=len(durations),
        failures=failures,
        p50=p50,
        p95=p95,
        p99=p99,
        most=durations[-1] / 1000,
    )


def _endpoints(
    client: ClientSide | None, servers: Mapping[tuple[str, str], ServerSide]
) -> list[EndpointRow]:
    """Sides are matched by method and route, whatever slashes a client writes around it."""
    seen = (
        {}
        if client is None
        else {(one.method, one.name.strip("/")): one for one in client.endpoints}
    )
    mine = {(method, route.strip("/")): (route, side) for (method, route), side in servers.items()}
    found = [
        EndpointRow(
            method=key[0],
            route=mine[key][0] if key in mine else seen[key].name,
            client=seen.get(key),
            server=mine[key][1] if key in mine else None,
        )
        for key in seen.keys() | mine.keys()
    ]
    return sorted(found, key=_weight, reverse=True)


def _weight(row: EndpointRow) -> tuple[int, str]:
    counted = row.client.requests if row.client else row.server.requests if row.server else 0
    return counted, row.route


def _requests(keys: Sequence[int]) -> list[RequestRow]:
    found: list[Any] = list(rows(Request).filter(id__in=keys).values(*requests.COLUMNS))
    return sorted(requests.build(found), key=lambda row: row.duration or 0, reverse=True)


def _errors(uids: Sequence[str]) -> list[tuple[ErrorRow, int]]:
    """Error groups of units of work, with how often each happened there."""
    counted = (
        rows(Occurrence)
        .filter(uid__in=uids)
        .values_list("error_id")
        .annotate(times=Count("id"))
        .order_by("-times")[:_ERRORS]
    )
    found = ((errors.group(error_id), times) for error_id, times in counted)
    return [(group, times) for group, times in found if group is not None]
