"""Who may read `/metrics`: a scraper with the token, staff with the permission, nobody else."""

import json
import sys
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.test import Client, override_settings

from telemetry.conf import settings
from telemetry.testing import Captured
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
TOKEN = "correct-horse-battery-staple"
WITH_TOKEN = override_settings(TELEMETRY={"METRICS_TOKEN": TOKEN})


@pytest.fixture(autouse=True)
def _stored(db: None) -> None:
    now = factory.datetime.now(factory.UTC)
    factory.sum_up(factory.series("paid_total", "c", currency="EUR"), 7, now)


def ask(token: str | None = None, client: Client | None = None, **headers: str) -> Any:
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return (client or Client()).get("/metrics", headers=headers)


@WITH_TOKEN
def test_the_token_opens_it() -> None:
    response = ask(TOKEN)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=")
    assert 'paid_total{currency="EUR"} 7.0' in response.content.decode()
    assert response["Cache-Control"] == "no-store"


@WITH_TOKEN
def test_the_scheme_is_written_in_any_case() -> None:
    assert (
        Client().get("/metrics", headers={"Authorization": f"bearer  {TOKEN}"}).status_code == 200
    )


@WITH_TOKEN
@pytest.mark.parametrize("given", ["", "wrong", TOKEN + "x", TOKEN[:-1], "é" * 20, TOKEN.upper()])
def test_another_token_does_not(given: str) -> None:
    response = ask(given)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert "METRICS_TOKEN" in response.content.decode()
    assert TOKEN not in response.content.decode()


@pytest.mark.parametrize("setting", [None, "", "short", 5])
def test_it_is_closed_without_a_token_that_is_one(setting: Any) -> None:
    with override_settings(TELEMETRY={"METRICS_TOKEN": setting}):
        assert [ask(given).status_code for given in (None, "", "short", "5", "None")] == [401] * 5


@WITH_TOKEN
def test_a_session_does_not_mend_a_wrong_token(admin_client: Client) -> None:
    assert ask("wrong", admin_client).status_code == 401


def test_staff_see_it_with_the_permission_alone(
    client: Client, telemetry_capture: Captured
) -> None:
    user = User.objects.create_user("clerk", is_staff=True)
    client.force_login(user)
    response = ask(client=client)
    assert response.status_code == 403
    assert "telemetry.view_metric" in response.content.decode()
    (record,) = [one for one in telemetry_capture.logs if one.logger == "telemetry.audit"]
    assert record.attributes["audit.permission"] == "telemetry.view_metric"
    user.user_permissions.add(Permission.objects.get(codename="view_metric"))
    assert ask(client=client).status_code == 200


def test_customers_do_not(client: Client) -> None:
    user = User.objects.create_user("mallory")
    user.user_permissions.add(Permission.objects.get(codename="view_metric"))
    client.force_login(user)
    assert ask(client=client).status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_it_is_for_reading(admin_client: Client, method: str) -> None:
    assert getattr(admin_client, method)("/metrics").status_code == 405
    assert admin_client.head("/metrics").status_code == 200


def test_it_speaks_openmetrics(admin_client: Client) -> None:
    response = ask(client=admin_client, Accept="application/openmetrics-text;version=1.0.0")
    assert response["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert response.content.endswith(b"# EOF\n")


def test_it_says_what_to_install(admin_client: Client) -> None:
    absent = {
        name: None
        for name in list(sys.modules)
        if name.split(".")[0] == "prometheus_client" or name == "telemetry.exposition.text"
    }
    with mock.patch.dict(sys.modules, {**absent, "prometheus_client": None}):
        response = ask(client=admin_client)
    assert response.status_code == 501
    assert 'pip install "django-sqlite-telemetry[metrics]"' in response.content.decode()


def test_a_store_that_cannot_be_read_is_said(admin_client: Client) -> None:
    with connections[settings.DATABASE].cursor() as cursor:
        cursor.execute("ALTER TABLE telemetry_seriestotal RENAME TO elsewhere")
    response = ask(client=admin_client)
    assert response.status_code == 503
    assert "python manage.py migrate --database telemetry" in response.content.decode()


@WITH_TOKEN
def test_the_token_is_in_no_record(telemetry_capture: Captured) -> None:
    ask(TOKEN)
    ask(TOKEN + "x")
    (first, _) = telemetry_capture.requests
    assert first.is_self
    told = [*telemetry_capture.requests, *telemetry_capture.logs]
    assert TOKEN not in json.dumps([repr(one) for one in told])


def test_a_token_that_is_none_is_an_error_which_does_not_show_it() -> None:
    from django.core.checks import run_checks

    with override_settings(TELEMETRY={"METRICS_TOKEN": "too-short"}):
        (message,) = [one for one in run_checks() if one.id == "telemetry.E002"]
    assert "METRICS_TOKEN" in str(message)
    assert "16" in str(message)
    assert "too-short" not in str(message)
