"""Staff with the permission of the page that shows the same, by token or by session."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from telemetry.testing import Captured
from tests.telemetry import factory
from tests.telemetry.admin.scene import TRANSACTION, Scene

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
BASE = "/api/telemetry/"
KINDS = {
    "requests/": "request",
    f"requests/{'0' * 32}/": "request",
    f"traces/{'0' * 32}/": "request",
    "logs/": "log",
    "errors/": "error",
    "errors/1/": "error",
    "loadruns/": "loadrun",
    "loadruns/r1/": "loadrun",
    "metrics/": "metric",
    "metrics/x_total/": "metric",
}


def audited(captured: Captured) -> list[Any]:
    return [record for record in captured.logs if record.logger == "telemetry.audit"]


@pytest.mark.parametrize("path", KINDS)
def test_nobody_and_a_wrong_token_are_told_how_to_come_in(path: str) -> None:
    for headers in ({}, {"Authorization": "Token " + "0" * 40}):
        response = Client(headers=headers).get(BASE + path)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Token"
        assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("path", "kind"), KINDS.items())
def test_each_kind_needs_its_own_permission(
    staff: Callable[..., APIClient], telemetry_capture: Captured, path: str, kind: str
) -> None:
    others = {each for each in KINDS.values() if each != kind}
    response = staff(*others).get(BASE + path)
    assert response.status_code == 403
    assert f"telemetry.view_{kind}" in json.loads(response.content)["detail"]
    (record,) = audited(telemetry_capture)
    assert record.level == logging.WARNING
    assert record.attributes["audit.permission"] == f"telemetry.view_{kind}"
    assert record.attributes["url.path"] == BASE + path
    assert staff(kind).get(BASE + path).status_code in (200, 404)


def test_a_permission_is_not_enough_for_who_is_not_staff(client: Client) -> None:
    user = User.objects.create_user("mallory")
    user.user_permissions.add(Permission.objects.get(codename="view_request"))
    client.force_login(user)
    assert client.get(f"{BASE}requests/").status_code == 403
    token = Token.objects.create(user=user)
    bearer = Client(headers={"Authorization": f"Token {token.key}"})
    assert bearer.get(f"{BASE}requests/").status_code == 403


def test_a_session_opens_it_too(admin_client: Client, few: None) -> None:
    assert len(admin_client.get(f"{BASE}requests/").json()["results"]) == 1


def test_a_token_of_somebody_who_was_dismissed_opens_nothing(
    staff: Callable[..., APIClient],
) -> None:
    client = staff()
    User.objects.update(is_active=False)
    assert client.get(f"{BASE}requests/").status_code == 401


def test_a_trace_hides_log_records_and_stacks_as_its_page_does(
    rows: Scene, staff: Callable[..., APIClient]
) -> None:
    path = f"{BASE}traces/{rows.failed.uid}/"
    entries = {
        kinds: {entry["entry"] for entry in staff(*kinds).get(path).json()["entries"]}
        for kinds in (("request",), ("request", "log"), ("request", "error"))
    }
    assert entries == {
        ("request",): {"unit"},
        ("request", "log"): {"unit", "log"},
        ("request", "error"): {"unit", "error"},
    }


def test_a_load_run_hides_rows_of_other_kinds(rows: Scene, staff: Callable[..., APIClient]) -> None:
    found = staff("loadrun").get(f"{BASE}loadruns/r1/").json()
    assert (found["slowest"], found["faults"]) == ([], [])


def test_a_transaction_that_is_refused_is_not_said_to_have_been_seen(
    rows: Scene, staff: Callable[..., APIClient], telemetry_capture: Captured
) -> None:
    assert staff("log").get(f"{BASE}traces/{TRANSACTION}/").status_code == 403
    assert [record.message for record in audited(telemetry_capture)] == ["Page refused"]


def test_its_own_requests_are_tagged(
    few: None, api: APIClient, telemetry_capture: Captured
) -> None:
    assert factory.Request.objects.using("telemetry").count() == 1
    api.get(f"{BASE}requests/")
    assert telemetry_capture.requests[0].is_self
