"""Pages by key: complete, in order, bounded in time, and on the indexes they were made for."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from telemetry.queries import logs, paging, requests
from telemetry.queries.filters import LOG_FIELDS, REQUEST_FIELDS, parse
from telemetry.queries.paging import Cursor
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

START = datetime(2026, 1, 31, 13, tzinfo=UTC)


def fill(number: int) -> list[str]:
    """Requests one second apart; their paths, newest first."""
    for n in range(number):
        factory.request(START + timedelta(seconds=n), path=f"/{n}")
    return [f"/{n}" for n in reversed(range(number))]


def read(**params: str) -> paging.Page[requests.RequestRow]:
    parsed = parse(params, REQUEST_FIELDS)
    assert not parsed.errors
    return requests.page(parsed.filters, parsed.cursor)


def test_walking_to_the_oldest_page_and_back_meets_every_row_once() -> None:
    expected = fill(120)
    page = read()
    seen, pages = [row.path for row in page.rows], 1
    while page.older is not None:
        page = read(before=str(page.older))
        seen += [row.path for row in page.rows]
        pages += 1
    assert seen == expected
    assert pages == 3
    back = [row.path for row in page.rows]
    while page.newer is not None:
        page = read(after=str(page.newer))
        back = [row.path for row in page.rows] + back
    assert back == expected


def test_a_full_page_that_ends_with_the_last_row_has_no_older_one() -> None:
    fill(50)
    page = read()
    assert len(page.rows) == 50
    assert page.older is None


def test_a_search_that_runs_out_of_time_says_how_far_it_came_and_can_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(30)
    monkeypatch.setattr(paging, "_FIRST_CHUNK", 10)
    source = requests._source(parse({"user": "nobody"}, REQUEST_FIELDS).filters)
    assert source is not None
    page = paging.fetch(source, Cursor(), budget=0.0)
    assert page.rows == []
    assert page.searched_until == START + timedelta(seconds=20)
    rest = paging.fetch(source, Cursor(before=page.older), budget=60.0)
    assert (rest.rows, rest.searched_until, rest.older) == ([], None, None)


def test_a_stopped_search_skips_no_match(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fill(35)
    monkeypatch.setattr(paging, "_FIRST_CHUNK", 7)
    source = requests._source(parse({"method": "POST"}, REQUEST_FIELDS).filters)
    assert source is not None
    seen: list[str] = []
    cursor: int | None = None
    for _ in range(20):
        page = paging.fetch(source, Cursor(before=cursor), size=100, budget=0.0)
        seen += [row["path"] for row in page.rows]
        if page.older is None:
            break
        cursor = page.older
    assert seen == expected


def test_the_time_range_bounds_the_page() -> None:
    fill(30)
    rows = read(**{"from": "2026-01-31T13:00:10Z", "to": "2026-01-31T13:00:13Z"}).rows
    assert [row.path for row in rows] == ["/12", "/11", "/10"]


@pytest.mark.parametrize(
    ("params", "paths"),
    [
        ({"status": "5xx"}, ["/failed"]),
        ({"status": "201"}, ["/paid"]),
        ({"error": "any"}, ["/failed"]),
        ({"error": "gatewayerror"}, ["/failed"]),
        ({"error": "NoSuch"}, []),
        ({"route": "api/reports/"}, ["/failed"]),
        ({"route": "no/such/"}, []),
        ({"outcome": "success"}, ["/paid"]),
        ({"min_ms": "1000"}, ["/failed"]),
        ({"level": "WARNING"}, ["/failed"]),
        ({"method": "get"}, ["/failed"]),
        ({"kind": "task"}, []),
        ({"user": "7"}, ["/paid"]),
        ({"q": "AID"}, ["/paid"]),
        ({"q": "curl"}, ["/paid"]),
        ({"q": "%"}, []),
        ({"transaction": "TX-1"}, []),
        ({"transaction": "tx-1"}, ["/paid"]),
        ({}, ["/failed", "/paid"]),
        ({"self": "1"}, ["/self", "/failed", "/paid"]),
    ],
)
def test_each_filter_finds_its_rows(params: dict[str, str], paths: list[str]) -> None:
    factory.request(
        START, path="/paid", outcome="success", user_id="7", transaction_id="tx-1",
        attributes={"user_agent.original": "curl/8"},
    )  # fmt: skip
    factory.request(
        START + timedelta(seconds=1), "api/reports/", "app.GatewayError", path="/failed",
        method="GET", status=500, duration=2_000_000, level=40,
    )  # fmt: skip
    factory.request(START + timedelta(seconds=2), path="/self", is_self=True)
    assert [row.path for row in read(**params).rows] == paths


def test_severe_levels_are_merged_in_order_of_time_with_levels_of_ones_own() -> None:
    for n, level in enumerate([40, 30, 35, 20, 50, 10]):
        factory.log(message=str(n), level=level, at=START + timedelta(seconds=n))
    found = logs.page(parse({"level": "WARNING"}, LOG_FIELDS).filters, Cursor())
    assert [row.message for row in found.rows] == ["4", "2", "1", "0"]


def test_logs_of_a_transaction_are_those_of_its_units() -> None:
    unit = factory.request(START, transaction_id="tx-1")
    factory.log(unit, "mine")
    factory.log(factory.request(START), "other")
    found = logs.page(parse({"transaction": "tx-1"}, LOG_FIELDS).filters, Cursor())
    assert [row.message for row in found.rows] == ["mine"]


def plans(run: object) -> str:
    """The plans of every query that `run` makes of the store."""
    connection = connections["telemetry"]
    with CaptureQueriesContext(connection) as captured:
        run()  # type: ignore[operator]
    told = []
    for query in captured.captured_queries:
        if query["sql"].lstrip().upper().startswith("SELECT"):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN QUERY PLAN " + query["sql"].replace("%", "%%"))
                told += [row[3] for row in cursor.fetchall()]
    return "\n".join(told)


def test_pages_walk_the_key_and_count_nothing() -> None:
    fill(3)
    factory.log()
    told = plans(lambda: (read(), logs.page(parse({}, LOG_FIELDS).filters, Cursor())))
    assert "INTEGER PRIMARY KEY (rowid" in told
    assert "SCAN telemetry_request" not in told
    assert "SCAN telemetry_log" not in told
    assert "TEMP B-TREE" not in told


def test_failures_severe_records_and_transactions_use_their_indexes() -> None:
    factory.request(START, error="500", status=500)
    factory.log(level=40)
    assert "request_failed" in plans(lambda: read(status="5xx"))
    assert "request_transaction" in plans(lambda: read(transaction="tx-1"))
    severe = parse({"level": "ERROR"}, LOG_FIELDS).filters
    told = plans(lambda: logs.page(severe, Cursor()))
    assert "log_severe (level=?" in told
    assert "TEMP B-TREE" not in told
