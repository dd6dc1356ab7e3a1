"""What is asked for comes: rows as the pages show them, page by page, by any id."""

import json
import logging
import math
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from telemetry.api.metrics import SeriesSerializer
from telemetry.queries import paging
from telemetry.queries.series import Point, SeriesPoints
from telemetry.testing import Captured
from tests.telemetry import factory
from tests.telemetry.admin.scene import TRANSACTION, Scene

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
BASE = "/api/telemetry/"
TIMER = "http_server_request_duration_seconds"


def get(api: APIClient, path: str, **params: Any) -> Any:
    """The answer's document; it has to be a 200."""
    response = api.get(BASE + path, params)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/json"
    return json.loads(response.content)


def test_requests_have_what_the_list_shows(rows: Scene, api: APIClient) -> None:
    found = get(api, "requests/", status="5xx")
    (row,) = found["results"]
    assert found["next"] is found["searched_until"] is None
    assert row == {
        **row,
        "id": rows.failed.uid,
        "trace_id": rows.failed.uid,
        "kind": "request",
        "method": "POST",
        "route": "api/transactions/",
        "status": 500,
        "duration_ms": 1_402.0,
        "error_type": "transactions.gateway.GatewayError",
        "level": 40,
        "repeated": None,
    }
    assert datetime.fromisoformat(row["timestamp"]) == rows.failed.timestamp
    assert row["timestamp"].endswith("Z")


def test_repeated_statements_are_told(rows: Scene, api: APIClient) -> None:
    (row,) = get(api, "requests/", repeated="1")["results"]
    assert row["repeated"] == {
        "statement": "SELECT 1",
        "count": 12,
        "time_ms": 3.4,
        "code": "shop/views.py:12 pay",
    }


def test_a_list_goes_on_until_its_end(rows: Scene, api: APIClient) -> None:
    everything = get(api, "requests/", limit=200)["results"]
    pages, url = [], f"http://testserver{BASE}requests/?limit=4"
    while url:
        page = api.get(url).json()
        assert len(page["results"]) <= 4
        pages.append(page)
        url = page["next"]
    assert [row for page in pages for row in page["results"]] == everything
    assert len(pages) == -(-len(everything) // 4)


@pytest.mark.parametrize("kind", ["logs", "errors", "loadruns"])
def test_other_lists_go_on_too(rows: Scene, api: APIClient, kind: str) -> None:
    factory.error(None, "shop.Other", "x", datetime.now(UTC) - timedelta(hours=1))
    first = get(api, f"{kind}/", limit=1)
    everything = get(api, f"{kind}/")["results"]
    assert first["results"] == everything[:1]
    if len(everything) > 1:
        assert api.get(first["next"]).json()["results"] == everything[1:2]
    else:
        assert first["next"] is None


def test_a_search_that_ran_out_of_time_says_how_far_it_came(
    rows: Scene, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = factory.request(datetime.now(UTC) - timedelta(days=2), user_id="the-one")
    monkeypatch.setattr(paging, "BUDGET", 0.0)
    monkeypatch.setattr(paging, "_FIRST_CHUNK", 5)
    monkeypatch.setattr(paging.fetch, "__defaults__", (paging.PAGE_SIZE, 0.0))
    found = get(api, "requests/", user="the-one")
    rounds = 0
    while not found["results"]:
        assert datetime.fromisoformat(found["searched_until"]) > old.timestamp
        found = api.get(found["next"]).json()
        rounds += 1
    assert rounds > 0
    assert found["results"][0]["id"] == old.uid


def test_one_request_has_everything(rows: Scene, api: APIClient) -> None:
    found = get(api, f"requests/{rows.payment.uid}/")
    assert get(api, f"requests/{UUID(rows.payment.uid)}/") == found
    assert found["id"] == rows.payment.uid
    assert found["process"]["host"] == "web-1"
    assert found["attributes"]["decline.code"] == "insufficient_funds"
    assert found["metrics"] == [
        {
            "metric": "transactions_total",
            "metric_type": "counter",
            "labels": {"type": "payment", "outcome": "declined"},
            "value": 1.0,
        }
    ]
    assert found["spans"][0] == {
        "offset_ms": 2.0,
        "duration_ms": 0.9,
        "database": "default",
        "statement": "SELECT 1",
    }


def test_logs_are_filtered_as_on_their_page(rows: Scene, api: APIClient) -> None:
    (row,) = get(api, "logs/", level="WARNING", trace=rows.payment.uid)["results"]
    assert row["message"] == "gateway declined: insufficient_funds"
    assert (row["request"], row["level"], row["logger"]) == (rows.payment.uid, 30, "payments")
    assert int(row["id"]) > 2**53


def test_an_error_has_its_occurrences(rows: Scene, api: APIClient) -> None:
    listed = get(api, "errors/")["results"]
    assert {row["type"] for row in listed} == {
        "shop.Broken",
        "transactions.gateway.GatewayError",
    }
    found = get(api, f"errors/{rows.error_id}/")
    assert found["group"]["id"] == rows.error_id
    (occurrence,) = found["results"]
    assert occurrence["request"] == rows.failed.uid
    assert "sandbox gateway answered 502" in occurrence["stack"]


def test_a_trace_is_found_by_any_id(
    rows: Scene, api: APIClient, telemetry_capture: Captured
) -> None:
    uid = rows.payment.uid
    for asked in (uid, f"00-{uid}-{uid[16:]}-01", "checkout-2026-11-24-0017"):
        found = get(api, f"traces/{asked}/")
        assert (found["found"], found["id"]) == ("trace", uid)
        assert found["requests"][0]["id"] == uid
        assert {entry["entry"] for entry in found["entries"]} == {"unit", "sql", "log", "metric"}
    assert [one for one in telemetry_capture.logs if one.logger == "telemetry.audit"] == []


def test_a_look_at_a_transaction_is_audited(
    rows: Scene, api: APIClient, telemetry_capture: Captured
) -> None:
    found = get(api, f"traces/{TRANSACTION}/")
    assert (found["found"], found["id"], len(found["requests"])) == ("transaction", TRANSACTION, 2)
    (record,) = [one for one in telemetry_capture.logs if one.logger == "telemetry.audit"]
    assert record.level == logging.INFO
    assert record.attributes["transaction.id"] == TRANSACTION


def test_a_load_run_has_both_sides(rows: Scene, api: APIClient) -> None:
    (row,) = get(api, "loadruns/")["results"]
    assert (row["id"], row["requests"], row["client_total"]["requests"]) == ("r1", 1, 1)
    found = get(api, "loadruns/r1/")
    assert found["run"] == row
    assert found["client"]["options"]["users"] == 2
    (endpoint,) = found["endpoints"]
    assert (endpoint["server"]["requests"], endpoint["client"]["requests"]) == (1, 1)
    assert found["faults"][0]["group"]["type"] == "shop.Broken"
    assert len(found["slowest"]) == 1


def test_a_run_without_a_result_has_no_clients_side(rows: Scene, api: APIClient) -> None:
    from telemetry.conf import settings
    from telemetry.models import LoadRun

    now = datetime.now(UTC)
    LoadRun.objects.using(settings.DATABASE).create(
        id="r2", first_seen=now, last_seen=now, requests=0
    )
    assert get(api, "loadruns/")["results"][0]["client_total"] is None
    assert get(api, "loadruns/r2/")["client"] is None


def test_metrics_are_listed(rows: Scene, api: APIClient) -> None:
    found = get(api, "metrics/")["results"]
    assert {"name": TIMER, "metric_type": "histogram", "unit": "", "help": ""} in found


def test_a_series_query_adds_up(rows: Scene, api: APIClient) -> None:
    found = get(
        api,
        f"metrics/{TIMER}/",
        since="2h",
        labels=["method=POST", "route=api/transactions/"],
        by=["status_class"],
        quantiles=[0.5, 1],
    )
    assert (found["metric_type"], found["overflowed"]) == ("histogram", False)
    by_class = {one["labels"]["status_class"]: one["points"] for one in found["series"]}
    assert set(by_class) == {"2xx", "5xx"}
    failed = by_class["5xx"]
    assert sum(point["count"] for point in failed) == 3
    assert failed[0]["quantiles"]["1.0"] == pytest.approx(1.4, rel=0.011)
    assert failed[0]["last"] is None


def test_all_series_can_be_merged(rows: Scene, api: APIClient) -> None:
    (merged,) = get(api, "metrics/http_server_requests_total/", since="2h", merge="1")["series"]
    apart = get(api, "metrics/http_server_requests_total/", since="2h")["series"]
    assert merged["labels"] == {}
    assert len(apart) > 2
    totals = [sum(point["total"] for point in one["points"]) for one in apart]
    assert sum(point["total"] for point in merged["points"]) == sum(totals)


def test_a_sum_beyond_every_float_is_null() -> None:
    point = Point(datetime.now(UTC), 2, math.inf, 1e308, 1e308, last=1e308, quantiles={})
    (told,) = SeriesSerializer(SeriesPoints({}, [point])).data["points"]
    assert (told["total"], told["maximum"]) == (None, 1e308)


def test_what_was_captured_is_plain_ascii(rows: Scene, api: APIClient) -> None:
    factory.log(message="\u202egnp.exe\u2028 \x1b[31mdürüm")
    response = api.get(f"{BASE}logs/", {"limit": 1})
    assert response.content.isascii()
    assert b"\x1b" not in response.content
    assert response.json()["results"][0]["message"] == "\u202egnp.exe\u2028 \x1b[31mdürüm"


def test_answers_are_not_to_be_kept(rows: Scene, api: APIClient) -> None:
    response = api.get(f"{BASE}logs/")
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
