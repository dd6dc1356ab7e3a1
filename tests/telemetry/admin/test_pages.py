"""Every page opens, full and empty, and every bad input is told and not a server error."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

BASE = "/admin/telemetry/"
LISTS = ["", "request/", "log/", "error/", "metric/", "objective/", "status/", "find/"]


@pytest.mark.parametrize("page", LISTS)
def test_a_page_opens_on_an_empty_store(viewer: Client, page: str) -> None:
    answer = viewer.get(BASE + page)
    assert answer.status_code == 200
    assert "<h1>" in answer.text


@pytest.mark.parametrize("page", ["", "request/", "log/"])
def test_an_empty_store_names_the_command_to_run(viewer: Client, page: str) -> None:
    assert "python manage.py start" in viewer.get(BASE + page).text


@pytest.mark.parametrize(
    ("page", "query", "name"),
    [
        ("request/", "status=abc", "status"),
        ("request/", "since=soon", "since"),
        ("request/", "from=yesterday", "from"),
        ("request/", "level=LOUD", "level"),
        ("request/", "min_ms=nan", "min_ms"),
        ("request/", "kind=thing", "kind"),
        ("request/", "before=xyz", "before"),
        ("request/", "before=99999999999999999999", "before"),
        ("request/", "stauts=500", "stauts"),
        ("request/", "q=" + "x" * 300, "q"),
        ("log/", "level=-1", "level"),
        ("error/", "to=2026-13-01", "to"),
        ("", "since=1y", "since"),
        ("objective/", "since=1y", "since"),
    ],
)
def test_a_bad_filter_is_named_and_the_form_stays(
    viewer: Client, page: str, query: str, name: str
) -> None:
    answer = viewer.get(f"{BASE}{page}?{query}")
    assert answer.status_code == 400
    assert f"<strong>{name}</strong>" in answer.text
    assert "<form" in answer.text


@pytest.mark.parametrize(
    "query", ["from=0001-01-01", "to=9999-12-31T23:59:59Z", "q=%00%27%22%25", "route=%F0%9F%92%A9"]
)
@pytest.mark.parametrize("page", ["request/", "log/", "error/"])
def test_an_odd_but_valid_filter_is_answered(viewer: Client, page: str, query: str) -> None:
    factory.request()
    assert viewer.get(f"{BASE}{page}?{query}").status_code == 200


def test_the_request_list_shows_a_row_with_links_to_what_is_behind_it(viewer: Client) -> None:
    unit = factory.request(
        outcome="declined", user_id="42", transaction_id="tx-1", log_count=3, db_count=4
    )
    text = viewer.get(BASE + "request/").text
    assert f"/admin/telemetry/trace/{unit.uid}/" in text
    assert f"/admin/telemetry/log/?trace={unit.uid}" in text
    assert "/admin/telemetry/transaction/tx-1/" in text
    assert "12.3 ms" in text
    assert "outcome=declined" in text
    assert "user=42" in text


def test_telemetrys_own_requests_are_left_out_unless_asked_for(viewer: Client) -> None:
    factory.request(route="admin/telemetry/", is_self=True)
    assert "trace/" not in viewer.get(BASE + "request/").text
    assert "trace/" in viewer.get(BASE + "request/?self=1").text


def test_text_from_requests_is_escaped(viewer: Client) -> None:
    unit = factory.request(path="/<script>alert(1)</script>", attributes={"<b>": "<i>"})
    factory.log(unit, message="<script>alert(2)</script>")
    for page in ("request/", "log/", f"trace/{unit.uid}/"):
        assert "<script>alert" not in viewer.get(BASE + page).text


def test_the_trace_page_shows_what_its_columns_hold(viewer: Client) -> None:
    unit = factory.request(
        client_address="203.0.113.0",
        user_agent=factory.name("Fancy/2"),
        request_size=31,
        response_size=4_812,
        weight=20.0,
        spans=[[500, 900, factory.name("default").pk, factory.name("SELECT 17").pk]],
        metrics=[factory.series("payments_total", "c", currency="EUR").pk, 3.0],
        repeated=factory.repeated("SELECT one FROM many"),
    )
    factory.log(
        unit, "asked", code=factory.name("shop/ask.py:9 ask"), weight=8.0, bound={"order": "o-77"}
    )
    page = viewer.get(f"{BASE}trace/{unit.uid}/").text
    for part in (
        "client.address", "203.0.113.0", "user_agent.original", "Fancy/2", "http.request.body.size",
        "http.response.body.size", "4812", "SELECT 17", "payments_total 3", "currency=EUR", "N+1",
        "SELECT one FROM many", "12 times in 3.4 ms", "shop/views.py:12 pay", "stands for 20",
        "shop/ask.py:9 ask", "stands for 8", "o-77",
    ):  # fmt: skip
        assert part in page, part


def test_the_request_list_marks_repeated_statements_and_filters_by_them(viewer: Client) -> None:
    factory.request(route="api/slow/", repeated=factory.repeated("SELECT one FROM many"))
    factory.request(route="api/fine/")
    page = viewer.get(BASE + "request/").text
    assert page.count(">N+1</a>") == 1
    assert "12 times: SELECT one FROM many" in page
    page = viewer.get(BASE + "request/?repeated=1").text
    assert "api/slow/" in page
    assert "api/fine/" not in page


def test_the_log_list_shows_what_was_bound_earlier(viewer: Client) -> None:
    unit = factory.request()
    factory.log(unit, "first", bound={"order": "o-77"})
    factory.log(unit, "second", code=factory.name("shop/ask.py:9 ask"))
    page = viewer.get(BASE + "log/").text
    assert page.count("o-77") == 2
    assert "shop/ask.py:9 ask" in page


def test_the_trace_page_shows_every_record_of_a_request_in_order_of_time(viewer: Client) -> None:
    unit = factory.request(
        process=factory.process(),
        spans=[[500, 900, "default", "SELECT balance FROM account"]],
        metrics=[["c", "payments_total", {"currency": "EUR"}, 1.0]],
    )
    factory.log(unit, "payment accepted")
    factory.error(unit)
    text = viewer.get(f"{BASE}trace/{unit.uid}/").text
    places = [
        text.index(part)
        for part in (
            "SELECT balance",
            "payment accepted",
            "Traceback (most recent",
            "payments_total 1",
        )
    ]
    assert places == sorted(places)
    assert "+1.000 ms" in text
    assert "web-1" in text


def test_a_trace_of_a_running_request_shows_the_records_made_so_far(viewer: Client) -> None:
    trace = factory.uid()
    factory.log(None, "begun", uid=trace)
    answer = viewer.get(f"{BASE}trace/{trace}/")
    assert answer.status_code == 200
    assert "begun" in answer.text
    assert "still running" in answer.text


@pytest.mark.parametrize("asked", ["f" * 32, "no-such-id", "%00", "x" * 500, "00-zz-zz-01"])
def test_an_unknown_id_is_a_readable_page(viewer: Client, asked: str) -> None:
    for page in (f"trace/{asked}/", f"transaction/{asked}/", f"find/?id={asked}"):
        answer = viewer.get(BASE + page)
        assert answer.status_code == 404, page
        assert "Nothing is stored" in answer.text


def test_find_leads_from_any_id_to_its_page(viewer: Client) -> None:
    unit = factory.request(transaction_id="0198f0c4-0000-7000-8000-000000000001")
    answer = viewer.get(BASE + "find/", {"id": f"00-{unit.uid}-00f067aa0ba902b7-01"})
    assert answer.headers["Location"] == f"/admin/telemetry/trace/{unit.uid}/"
    answer = viewer.get(
        BASE + "find/", {"id": "0198f0c400007000800000000000 0001".replace(" ", "")}
    )
    assert answer.headers["Location"].endswith("/0198f0c4-0000-7000-8000-000000000001/")


def test_the_dossier_merges_all_units_of_a_transaction(viewer: Client) -> None:
    now = datetime.now(UTC)
    first = factory.request(now, transaction_id="tx-1")
    second = factory.request(now + timedelta(seconds=5), transaction_id="tx-1", route="task.settle")
    factory.log(second, "settled")
    factory.log(first, "accepted")
    text = viewer.get(BASE + "transaction/tx-1/").text
    assert text.index("accepted") < text.index("settled")
    assert "+5,000.000 ms" in text


def test_the_error_page_shows_its_occurrences_with_their_requests(viewer: Client) -> None:
    unit = factory.request(error="ValueError", status=500, path="/api/pay/7")
    occurrence = factory.error(unit)
    listed = viewer.get(BASE + "error/").text
    assert f"/admin/telemetry/error/{occurrence.error_id}/" in listed
    text = viewer.get(f"{BASE}error/{occurrence.error_id}/").text
    assert "/api/pay/7" in text
    assert "Traceback (most recent" in text
    assert viewer.get(BASE + "error/999/").status_code == 404


def test_native_change_urls_lead_to_the_rows_pages(viewer: Client) -> None:
    unit = factory.request()
    record = factory.log(unit)
    answer = viewer.get(f"{BASE}request/{unit.pk}/change/")
    assert answer.headers["Location"] == f"/admin/telemetry/trace/{unit.uid}/"
    answer = viewer.get(f"{BASE}log/{record.pk}/change/")
    assert answer.headers["Location"] == f"/admin/telemetry/trace/{unit.uid}/#log-{record.pk}"


def test_the_overview_shows_rate_errors_and_slowest_routes(viewer: Client) -> None:
    now = datetime.now(UTC) - timedelta(minutes=5)
    for _ in range(9):
        factory.served("api/payments/", 0.010, now)
    factory.served("api/reports/", 2.0, now, status=500, method="GET")
    text = viewer.get(BASE).text
    assert "10 %" in text
    assert text.index("api/reports/</a>") < text.index("api/payments/</a>")
    assert "2 s" in text
    assert "route=api%2Freports%2F" in text


def test_pages_write_no_inline_style_or_script_and_load_no_other_host(viewer: Client) -> None:
    unit = factory.request()
    factory.log(unit)
    for page in (*LISTS, f"trace/{unit.uid}/"):
        text = viewer.get(BASE + page).text
        content = text[text.index('id="content-start"') :]
        assert " style=" not in content, page
        assert "<script" not in content, page
        assert "https://" not in content, page
