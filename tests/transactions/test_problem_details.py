"""Every error below /api/ is an RFC 9457 problem, from unknown addresses to unexpected crashes."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from rest_framework.test import APIClient

from telemetry.testing import Captured
from transactions.api.throttling import EXEMPT_GROUP, ApiRateThrottle

MEMBERS = {"type", "title", "status", "detail", "instance"}


def assert_problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) >= MEMBERS
    assert body["status"] == status
    assert body["instance"] == response.wsgi_request.path
    return body


@pytest.mark.parametrize(
    "path", ["/api/", "/api/nothing/", "/api/accounts/12/", "/api/a/b/c", "/api/%00/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_address_is_404(path: str, method: str) -> None:
    assert_problem(getattr(APIClient(), method)(path), 404)


def test_a_forgotten_slash_is_pointed_out() -> None:
    body = assert_problem(APIClient().post("/api/transactions", {}, format="json"), 404)
    assert "/api/transactions/" in body["detail"]


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_a_method_that_is_not_offered_is_405(method: str, api: APIClient) -> None:
    response = getattr(api, method)("/api/transactions/")
    assert_problem(response, 405)
    assert "POST" in response["Allow"]


@pytest.mark.parametrize("kind", ["accounts", "transactions"])
def test_an_id_that_is_not_ours_is_404(kind: str, api: APIClient) -> None:
    assert_problem(api.get(f"/api/{kind}/{uuid4()}/"), 404)


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "application/problem+json", "*/*"]
)
def test_answers_are_json_whatever_is_accepted(accept: str, api: APIClient) -> None:
    response = api.get("/api/accounts/", headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def test_an_unexpected_error_is_500_without_its_internals(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*args: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr("transactions.api.accounts.own_account", explode)
    api.raise_request_exception = False
    response = api.get(f"/api/accounts/{uuid4()}/")
    assert_problem(response, 500)
    assert "hunter2" not in response.content.decode()
    record = next(record for record in caplog.records if record.name == "django.request")
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], RuntimeError)


def test_an_unexpected_error_reaches_the_error_reporters(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*args: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("transactions.api.accounts.own_account", explode)
    with pytest.raises(RuntimeError, match="boom"):
        api.get(f"/api/accounts/{uuid4()}/")


def test_a_locked_database_is_503_with_retry_after(
    api: APIClient, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*args: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("transactions.services.orders._open", locked)
    api.raise_request_exception = False
    response = place()
    assert_problem(response, 503)
    assert response["Retry-After"] == "1"


def test_requests_beyond_the_rate_are_429_with_retry_after(
    api: APIClient, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiRateThrottle, "THROTTLE_RATES", {"api": "2/min"})
    assert [api.get("/api/accounts/").status_code for _ in range(2)] == [200, 200]
    response = place()
    assert_problem(response, 429)
    assert 1 <= int(response["Retry-After"]) <= 60


def test_each_user_has_a_rate_of_their_own(
    api: APIClient, stranger: User, make_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiRateThrottle, "THROTTLE_RATES", {"api": "1/min"})
    api.get("/api/accounts/")
    assert api.get("/api/accounts/").status_code == 429
    assert make_client(stranger).get("/api/accounts/").status_code == 200


def test_demo_users_are_not_throttled(
    api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.groups.create(name=EXEMPT_GROUP)
    monkeypatch.setattr(ApiRateThrottle, "THROTTLE_RATES", {"api": "1/min"})
    assert [api.get("/api/accounts/").status_code for _ in range(5)] == [200] * 5


@pytest.mark.django_db
def test_a_problem_names_the_trace_that_tells_what_happened(
    telemetry_capture: Captured,
) -> None:
    answer = APIClient().get("/api/accounts/")
    (request,) = telemetry_capture.requests
    assert answer.json()["trace_id"] == request.uid
