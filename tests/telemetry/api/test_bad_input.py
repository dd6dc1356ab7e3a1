"""What is wrong with a request is named, in the form that the payments API has for its errors."""

import json
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from telemetry.conf import settings
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
BASE = "/api/telemetry/"
TIMER = "metrics/http_server_request_duration_seconds/"
COUNTER = "metrics/http_server_requests_total/"


def problem(response: Any, status: int) -> dict[str, Any]:
    assert (response.status_code, response["Content-Type"]) == (
        status,
        "application/problem+json",
    ), response.content
    told: dict[str, Any] = json.loads(response.content)
    assert told["status"] == status
    assert told["type"].startswith("urn:telemetry:problem:")
    assert told["instance"].startswith(BASE)
    return told


@pytest.mark.parametrize(
    ("path", "query", "argument", "says"),
    [
        ("requests/", "status=abc", "status", "Write 500 or 5xx"),
        ("requests/", "since=soon", "since", "15m"),
        ("requests/", "from=yesterday", "from", "2026-01-31T13:05:00Z"),
        ("requests/", "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to", "not after from"),
        ("requests/", "min_ms=NaN", "min_ms", "milliseconds"),
        ("requests/", "kind=x", "kind", "Write one of"),
        ("requests/", "q=" + "x" * 201, "q", "longer than 200"),
        ("requests/", "cursor=abc", "cursor", "not a place in the list"),
        ("requests/", "cursor=9999999999999999999", "cursor", "not a place in the list"),
        ("requests/", "limit=0", "limit", "from 1 to 200"),
        ("requests/", "limit=201", "limit", "from 1 to 200"),
        ("requests/", "limit=٣", "limit", "from 1 to 200"),
        ("requests/", "before=5", "before", "no such parameter"),
        ("requests/", "_changelist=5", "_changelist", "no such parameter"),
        ("requests/", "format=xml", "format", "no such parameter"),
        ("requests/", "status=500&status=404", "status", "more than once"),
        ("requests/" + "0" * 32 + "/", "x=1", "x", "There are: none"),
        ("logs/", "level=loud", "level", "Write one of"),
        ("logs/", "status=500", "status", "no such parameter"),
        ("errors/", "min_ms=5", "min_ms", "no such parameter"),
        ("errors/1/", "limit=many", "limit", "from 1 to 200"),
        ("loadruns/", "q=x", "q", "no such parameter"),
        ("loadruns/r1/", "since=1h", "since", "no such parameter"),
        ("traces/" + "0" * 32 + "/", "since=1h", "since", "no such parameter"),
        ("metrics/", "q=x", "q", "no such parameter"),
        (TIMER, "step=7", "step", "multiple of 10"),
        (TIMER, "step=0", "step", "from 1 to"),
        (TIMER, "step=1.5", "step", "whole number"),
        (TIMER, "step=10&since=7d", "step", "too small for this range"),
        (TIMER, "quantiles=1.5", "quantiles", "from 0 to 1"),
        (TIMER, "quantiles=nan", "quantiles", "from 0 to 1"),
        (TIMER, "quantiles=half", "quantiles", "not a number"),
        (TIMER, "&".join(f"quantiles=0.{n:02}" for n in range(1, 25)), "quantiles", "20 at most"),
        (COUNTER, "quantiles=0.5", "quantiles", "a histogram has quantiles"),
        (TIMER, "labels=method", "labels", "name=value"),
        (TIMER, "labels=method=GET&labels=method=PUT", "labels", "two values"),
        (TIMER, "labels=nope=1", "labels", "no label 'nope'"),
        (TIMER, "labels=method=BREW", "labels", "No series has"),
        (TIMER, "by=nope", "by", "no label 'nope'"),
        (TIMER, "merge=yes", "merge", "neither 1 nor 0"),
        (TIMER, "merge=1&by=method", "merge", "beside by"),
        (TIMER, "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to", "not after from"),
        (TIMER, "from=2200-01-01T00:00:00Z", "from", "not before end"),
        (TIMER, "from=0001-01-01T00:00:00Z", "from", "1970"),
        (TIMER, "to=0001-01-01T00:00:00Z", "to", "1970"),
        (TIMER, "to=9999-12-31T23:59:59Z", "to", "1970 to 9998"),
    ],
)
def test_a_bad_argument_is_named(
    few: None, api: APIClient, path: str, query: str, argument: str, says: str
) -> None:
    told = problem(api.get(f"{BASE}{path}?{query}"), 400)
    (fault,) = told["errors"]
    assert fault["field"] == argument
    assert says in fault["detail"]
    assert fault["detail"][0] in f"“{fault['detail'][0].upper()}"
    assert argument in told["detail"]


def test_every_bad_argument_is_named_at_once(few: None, api: APIClient) -> None:
    told = problem(api.get(f"{BASE}requests/?status=x&since=y"), 400)
    assert {fault["field"] for fault in told["errors"]} == {"status", "since"}


@pytest.mark.parametrize(
    ("path", "argument"),
    [
        ("requests/" + "0" * 32 + "/", "id"),
        ("requests/nothing/", "id"),
        ("requests/%00/", "id"),
        ("errors/999999/", "id"),
        ("errors/99999999999999999999999999/", "id"),
        ("traces/nothing/", "id"),
        ("traces/" + "x" * 300 + "/", "id"),
        ("loadruns/nothing/", "id"),
        ("loadruns/%00/", "id"),
        ("metrics/nothing_total/", "name"),
        ("metrics/no name/", "name"),
        ("metrics/%ED%A0%80/", "name"),
    ],
)
def test_what_there_is_not_is_named(few: None, api: APIClient, path: str, argument: str) -> None:
    told = problem(api.get(BASE + path), 404)
    assert [fault["field"] for fault in told["errors"]] == [argument]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_it_is_for_reading(few: None, api: APIClient, method: str) -> None:
    problem(getattr(api, method)(f"{BASE}requests/"), 405)


def test_a_store_that_cannot_be_read_is_said(few: None, api: APIClient) -> None:
    with connections[settings.DATABASE].cursor() as cursor:
        cursor.execute("ALTER TABLE telemetry_log RENAME TO elsewhere")
    told = problem(api.get(f"{BASE}logs/"), 503)
    assert "python manage.py migrate --database telemetry" in told["detail"]


def test_a_metric_of_no_series_is_empty(few: None, api: APIClient) -> None:
    factory.Metric.objects.using("telemetry").create(name="never_total", type="c")
    response = api.get(f"{BASE}metrics/never_total/")
    assert (response.status_code, response.json()["series"]) == (200, [])
