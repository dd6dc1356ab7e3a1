"""Load runs: the list, and a run's page with what clients and server saw side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from telemetry import display
from telemetry.admin import shell
from telemetry.admin.lists import ReadOnlyAdmin, list_page
from telemetry.queries import loaddetail, loadruns
from telemetry.queries.clients import ClientSide, Point
from telemetry.queries.filters import TIME_FIELDS, Filters
from telemetry.queries.loadruns import RunRow

COMMAND = "locust -f loadtests/locustfile.py --headless -u 20 -r 5 -t 1m"
WIDTH = 1000
HEIGHT = 120


class LoadRunAdmin(ReadOnlyAdmin):
    """Runs of the load generator, the newest first, and the page of one."""

    def get_urls(self) -> list[URLPattern]:
        view = partial(shell.admin_view, self.admin_site)
        return [
            path("", view(self.changelist_view), name="telemetry_loadrun_changelist"),
            path("<str:run_id>/change/", view(self.open_run), name="telemetry_loadrun_change"),
            path("<str:run_id>/", view(self.run_view), name="telemetry_loadrun"),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return _list(self.admin_site, request)

    def run_view(self, request: HttpRequest, run_id: str) -> HttpResponse:
        """One run."""
        return _run(self.admin_site, request, run_id)

    def open_run(self, request: HttpRequest, run_id: str) -> HttpResponse:
        """Where admin's own links to a row lead."""
        return _open_run(self.admin_site, request, run_id)


@shell.page(shell.VIEW_LOADRUN)
def _open_run(site: Any, request: HttpRequest, run_id: str) -> HttpResponse:
    return HttpResponseRedirect(shell.url(site, "telemetry_loadrun", run_id))


@shell.page(shell.VIEW_LOADRUN)
def _list(site: Any, request: HttpRequest) -> HttpResponse:
    return list_page(
        site, request, "loadruns", "Load runs", TIME_FIELDS, loadruns.page, loadruns.any_stored,
        {"command": COMMAND},
    )  # fmt: skip


@shell.page(shell.VIEW_LOADRUN)
def _run(site: Any, request: HttpRequest, run_id: str) -> HttpResponse:
    found = loadruns.run(run_id)
    if found is None:
        raise Http404("There is no such load run.")
    context = {
        "title": f"Load run {found.id}",
        "run": found,
        "client": found.client,
        "verdict": describe(found),
        "detail": loaddetail.detail(found),
        "facts": _facts(found.client) if found.client else (),
        "requests_query": Filters().query(load_run=found.id),
        "chart": chart(found.client, found.id) if found.client else None,
    }
    return shell.render(site, request, "loadrun", context, tab="Load runs")


def _facts(client: ClientSide) -> list[tuple[str, Any]]:
    ended_by = "its run time" if client.ended_by == "run_time" else "hand"
    facts: list[tuple[str, Any]] = [
        ("target", client.host),
        ("gateway profile", client.gateway_profile or "not told"),
        ("ended by", ended_by),
        *((name.replace("_", " "), value) for name, value in client.options.items()),
    ]
    machine = dict(client.machine)
    if isinstance(memory := machine.pop("memory_bytes", None), int):
        machine["memory"] = display.size(memory)
    return facts + [(f"client {name.replace('_', ' ')}", value) for name, value in machine.items()]


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the course: all requests, failed ones below, with a link to its rows."""

    x: str
    width: str
    y: str
    height: str
    failed_y: str
    failed_height: str
    title: str
    query: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of requests and a line of p95, each on its own scale; `most_p95` in milliseconds."""

    bars: Sequence[Bar]
    line: str
    most: float
    most_p95: float
    most_users: int
    first: Point
    last: Point
    width: int = WIDTH
    height: int = HEIGHT


def chart(client: ClientSide, run_id: str) -> Chart | None:
    """The course of a run as its clients saw it; None without a point."""
    points = client.points
    if not points:
        return None
    first, last = points[0], points[-1]
    steps = (last.at - first.at) // timedelta(seconds=client.step) + 1
    slot = WIDTH / steps
    most = max(point.requests for point in points)
    most_p95 = max(point.p95 or 0.0 for point in points)
    places = [(point.at - first.at).total_seconds() / client.step * slot for point in points]
    return Chart(
        bars=[
            _bar(point, x, slot, most, client.step, run_id)
            for point, x in zip(points, places, strict=True)
            if point.requests
        ],
        line=" ".join(
            f"{x + slot / 2:.1f},{HEIGHT - HEIGHT * 0.95 * point.p95 / most_p95:.1f}"
            for point, x in zip(points, places, strict=True)
            if point.p95 is not None and most_p95
        ),
        most=most / client.step,
        most_p95=most_p95,
        most_users=max(point.users for point in points),
        first=first,
        last=last,
    )


def _bar(point: Point, x: float, slot: float, most: int, step: int, run_id: str) -> Bar:
    height = max(HEIGHT * point.requests / most, 2)
    failed = max(HEIGHT * point.failures / most, 2) if point.failures else 0
    end = point.at + timedelta(seconds=step)
    p95 = display.duration(None if point.p95 is None else point.p95 * 1000)
    return Bar(
        x=f"{x + slot * 0.1:.2f}",
        width=f"{slot * 0.8:.2f}",
        y=f"{HEIGHT - height:.2f}",
        height=f"{height:.2f}",
        failed_y=f"{HEIGHT - failed:.2f}",
        failed_height=f"{failed:.2f}",
        title=(
            f"{point.at.astimezone(UTC):%H:%M:%S} UTC: {display.count(point.requests)} requests, "
            f"{display.count(point.failures)} failed, p95 {p95}, {point.users} users"
        ),
        query=Filters().query(
            load_run=run_id, **{"from": f"{point.at:%FT%TZ}", "to": f"{end:%FT%TZ}"}
        ),
    )


def describe(run: RunRow) -> str:
    """What the difference between the two sides means, in one sentence."""
    client = run.client
    if client is None:
        return "The clients' result has not come in: the run goes on, or it ran elsewhere."
    total = client.total
    if run.is_complete and run.difference == 0:
        return "Every request that the clients counted has its row."
    if run.is_complete:
        return (
            f"{display.count(total.unanswered)} requests got no answer and "
            f"{display.count(client.unfinished)} were cut off at the end: some of them reached "
            "the server and some did not. Every other request has its row."
        )
    if run.requests < total.requests:
        return "Rows are missing: not read yet, deleted by age, or answered by another server."
    return "There are more rows than the clients sent: another run used the same name."
