"""The load run pages: both sides, their difference, and links to the rows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from telemetry.conf import settings
from telemetry.models import LoadRun
from telemetry.queries import loaddetail, loadruns
from telemetry.queries.filters import Filters
from telemetry.queries.paging import Cursor
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

BASE = "/admin/telemetry/loadrun/"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def tester(client: Client, django_user_model: type[User]) -> Client:
    """A member of staff who may view load runs and requests."""
    user = django_user_model.objects.create_user("tester", password="x", is_staff=True)
    names = ["view_loadrun", "view_request", "view_error"]
    allowed = Permission.objects.filter(content_type__app_label="telemetry", codename__in=names)
    user.user_permissions.set(allowed)
    client.force_login(user)
    return client


def figures(requests: int, **changes: Any) -> dict[str, Any]:
    times = {"min": 1, "avg": 20, "p50": 15.5, "p90": 30, "p95": 40, "p99": 50, "max": 60}
    counts = {"requests": requests, "failures": 0, "unanswered": 0, "throughput": 1.5}
    return {**counts, "response_ms": times, **changes}


def result(requests: int, **changes: Any) -> dict[str, Any]:
    name = {"method": "POST", "name": "/api/payments/"}
    at = int(NOW.timestamp())
    point = {"users": 2, "requests": requests, "failures": 1, "p50": 10, "p95": 20}
    return {
        "schema": 1,
        "run": "r1",
        "duration": 10,
        "total": figures(requests),
        "endpoints": [{**name, **figures(requests)}],
        "errors": [{**name, "error": "HTTP <503>", "count": 2}],
        "series": {"step": 1, "points": [{"at": at, **point}, {"at": at + 3, **point}]},
        "options": {"users": 2, "user_classes": ["Shopper", "Saver"]},
        "client": {"memory_bytes": 8_000_000_000},
        **changes,
    }


def run(requests: int, told: Any = None, name: str = "r1", at: datetime = NOW) -> None:
    LoadRun.objects.using(settings.DATABASE).create(
        id=name,
        first_seen=at,
        last_seen=at + timedelta(seconds=requests),
        requests=requests,
        result=told,
    )
    for number in range(requests):
        factory.request(
            at + timedelta(seconds=number), duration=(number + 1) * 1_000, load_run_id=name
        )


def test_an_empty_list_names_the_command_to_run(tester: Client) -> None:
    text = tester.get(BASE).text
    assert "locust -f loadtests/locustfile.py" in text


def test_a_run_is_listed_with_both_counts_and_a_link_to_its_requests(tester: Client) -> None:
    run(7, result(8))
    text = tester.get(BASE).text
    assert "request/?load_run=r1" in text
    assert ">7</a>" in text
    assert ">8</td>" in text


def test_a_run_without_a_result_is_listed_too(tester: Client) -> None:
    run(2)
    assert "no result from the clients yet" in tester.get(BASE).text
    page = tester.get(f"{BASE}r1/")
    assert page.status_code == 200
    assert "has not come in" in page.text


def test_a_run_shows_clients_beside_server(tester: Client) -> None:
    run(100, result(100))
    text = tester.get(f"{BASE}r1/").text
    assert "Every request that the clients counted has its row." in text
    assert "15.5 ms" in text, "the clients' p50"
    assert "<td" in text
    assert "50 ms" in text, "the server's p50 of 1 … 100 ms"
    assert "HTTP &lt;503&gt;" in text
    assert "8 GB" in text
    assert "Shopper, Saver" in text


def test_the_requests_of_a_run_are_found_by_its_filter(tester: Client) -> None:
    run(3)
    factory.request(NOW, path="/other/")
    text = tester.get("/admin/telemetry/request/?load_run=r1").text
    assert text.count('data-label="Method"') == 3
    assert "/other/" not in text


@pytest.mark.parametrize(
    ("counted", "unanswered", "unfinished", "stored", "complete"),
    [
        (5, 0, 0, 5, True),
        (5, 0, 0, 4, False),
        (5, 1, 0, 4, True),
        (5, 1, 0, 3, False),
        (5, 0, 1, 6, True),
        (5, 0, 0, 6, False),
    ],
)
def test_a_difference_is_judged_by_what_can_have_been_sent(
    counted: int, unanswered: int, unfinished: int, stored: int, complete: bool
) -> None:
    told = result(counted, total=figures(counted, unanswered=unanswered), unfinished=unfinished)
    run(stored, told)
    found = loadruns.run("r1")
    assert found is not None
    assert (found.is_complete, found.difference) == (complete, counted - stored)


def test_server_figures_are_exact() -> None:
    run(200, result(200))
    factory.request(NOW, load_run_id="r1", method="GET", route="api/x/", status=503, error="503")
    found = loadruns.run("r1")
    assert found is not None
    detail = loaddetail.detail(found)
    first, second = detail.endpoints
    assert first.server is not None
    assert (first.server.requests, first.server.p50, first.server.p95) == (200, 100.0, 190.0)
    assert (first.server.p99, first.server.most) == (198.0, 200.0)
    assert second.server is not None
    assert (second.client, second.server.requests, second.server.failures) == (None, 1, 1)
    assert [row.duration for row in detail.slowest[:2]] == [200_000, 199_000]
    assert loadruns.stored("r1") == (201, 201)


def test_errors_of_a_run_are_those_of_its_requests() -> None:
    run(1)
    mine = factory.request(NOW, load_run_id="r1", error="ValueError", status=500)
    for _ in range(2):
        factory.error(mine)
    factory.error(factory.request(NOW, error="KeyError", status=500), type="KeyError")
    found = loadruns.run("r1")
    assert found is not None
    ((group, times),) = loaddetail.detail(found).errors
    assert (group.type, times) == ("ValueError", 2)


def test_a_long_list_is_paged_in_both_directions() -> None:
    for number in range(60):
        run(0, name=f"run-{number}", at=NOW + timedelta(minutes=number))
    first = loadruns.page(Filters(), Cursor())
    assert [row.id for row in first.rows[:2]] == ["run-59", "run-58"]
    second = loadruns.page(Filters(), Cursor(before=first.older))
    assert [row.id for row in second.rows] == [f"run-{number}" for number in range(9, -1, -1)]
    assert second.older is None
    back = loadruns.page(Filters(), Cursor(after=second.newer))
    assert [row.id for row in back.rows] == [row.id for row in first.rows]


@pytest.mark.parametrize("query", ["since=soon", "before=x", "nonsense=1"])
def test_a_bad_parameter_of_the_list_is_named(tester: Client, query: str) -> None:
    answer = tester.get(f"{BASE}?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.text


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        "text",
        {"total": 3, "endpoints": [1, None], "errors": {}, "series": {"points": [{}]}},
        {"total": {"requests": "x", "response_ms": []}, "series": {"step": 0, "points": "x"}},
        {"series": {"step": 1e99, "points": [{"at": 1e300, "requests": -4, "p95": None}]}},
        {"options": {"users": {"deep": 1}}, "client": [1], "endpoints": [{"name": 5}]},
        {"series": {"points": [{"at": 9, "requests": 1}, {"at": 8, "requests": 1}]}},
    ],
)
def test_a_result_of_any_shape_opens(tester: Client, told: Any) -> None:
    run(1, told)
    assert tester.get(BASE).status_code == 200
    assert tester.get(f"{BASE}r1/").status_code == 200


def test_an_unknown_run_is_not_found(tester: Client) -> None:
    assert tester.get(f"{BASE}nowhere/").status_code == 404


def test_without_the_permission_there_is_no_page_and_no_tab(
    client: Client, django_user_model: type[User]
) -> None:
    user = django_user_model.objects.create_user("other", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_request"))
    client.force_login(user)
    assert client.get(BASE).status_code == 403
    assert client.get(f"{BASE}r1/").status_code == 403
    assert "Load runs" not in client.get("/admin/telemetry/request/").text
