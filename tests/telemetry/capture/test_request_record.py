"""The canonical record of a request: its facts, its route, its user, whether it is our own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.utils.functional import SimpleLazyObject

from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured

Visit = Callable[..., Any]


def test_a_request_has_one_record_of_what_it_was(visit: Visit, telemetry_capture: Captured) -> None:
    visit("/hello/?page=2&token=abc", User_Agent="curl/8", X_Forwarded_For="203.0.113.7")
    (found,) = telemetry_capture.requests
    assert (found.kind, found.method, found.route, found.path) == (1, "GET", "hello/", "/hello/")
    assert (found.status, found.error_type, found.level, found.is_self) == (200, None, 0, False)
    assert found.duration is not None
    assert 0 < found.duration < 5_000_000
    assert (found.client_address, found.user_agent) == ("127.0.0.0", "curl/8")
    assert (found.request_size, found.response_size) == (None, 5)
    assert found.attributes == {"url.query": "page=2&token=[redacted]"}


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("/accounts/7/entries/x-1/", "accounts/<int:number>/entries/<slug:entry>/"),
        ("/accounts/8/entries/y/", "accounts/<int:number>/entries/<slug:entry>/"),
        ("/accounts/7/", "(unmatched)"),
        ("/.env", "(unmatched)"),
        ("/wp-login.php", "(unmatched)"),
    ],
)
def test_the_route_is_the_pattern_and_never_the_path(
    url: str, route: str, visit: Visit, telemetry_capture: Captured
) -> None:
    visit(url)
    (found,) = telemetry_capture.requests
    assert found.route == route
    assert found.path == url


@pytest.mark.parametrize("status", [200, 302, 400, 404, 429])
def test_only_the_servers_failures_are_errors(
    status: int, visit: Visit, telemetry_capture: Captured
) -> None:
    visit(f"/talk/?status={status}")
    assert telemetry_capture.requests[0].error_type is None
    assert telemetry_capture.errors == []


def test_a_500_without_an_exception_is_an_error_of_its_status(
    visit: Visit, telemetry_capture: Captured
) -> None:
    visit("/talk/?status=503")
    assert (telemetry_capture.requests[0].status, telemetry_capture.requests[0].error_type) == (
        503,
        "503",
    )


@pytest.mark.parametrize(("url", "own"), [("/healthz", True), ("/hello/", False)])
def test_our_own_pages_are_tagged(
    url: str, own: bool, visit: Visit, telemetry_capture: Captured
) -> None:
    visit(url)
    assert telemetry_capture.requests[0].is_self is own


def test_errors_of_our_own_pages_are_kept(visit: Visit, telemetry_capture: Captured) -> None:
    visit("/admin/telemetry/x/")
    assert telemetry_capture.requests[0].is_self
    assert telemetry_capture.errors[0].type == "LookupError"


def answer_as(user: object, look: bool) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        request.user = user  # type: ignore[assignment]
        if look:
            str(request.user.pk)
        return HttpResponse()

    TelemetryMiddleware(view)(RequestFactory().get("/"))


def test_the_user_is_named_where_the_application_has_looked(telemetry_capture: Captured) -> None:
    answer_as(SimpleLazyObject(lambda: User(pk=7)), look=True)
    answer_as(User(pk=8), look=False)
    answer_as(AnonymousUser(), look=True)
    assert [found.user_id for found in telemetry_capture.requests] == ["7", "8", None]


def test_an_unused_lazy_user_is_not_asked_for(telemetry_capture: Captured) -> None:
    def load() -> User:
        raise AssertionError("telemetry loaded the user")

    answer_as(SimpleLazyObject(load), look=False)
    assert telemetry_capture.requests[0].user_id is None


def test_bound_fields_are_on_the_record(visit: Visit, telemetry_capture: Captured) -> None:
    visit("/talk/")
    attributes = telemetry_capture.requests[0].attributes
    assert attributes["transaction.id"] == "tx-1"
    assert "gone" not in attributes


@pytest.mark.parametrize(
    ("address", "kept"),
    [("203.0.113.77", "203.0.113.0"), ("2001:db8:1:2::3", "2001:db8:1::"), ("unix:", ""), ("", "")],
)
def test_a_person_is_not_told_by_the_address(
    address: str, kept: str, telemetry_capture: Captured
) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    TelemetryMiddleware(lambda request: HttpResponse())(request)
    assert telemetry_capture.requests[0].client_address == kept


def test_switched_off_it_does_nothing(telemetry_capture: Captured) -> None:
    with override_settings(TELEMETRY={"INGEST": "off"}):
        response: Any = TelemetryMiddleware(lambda request: HttpResponse())(
            RequestFactory().get("/")
        )
    assert "traceparent" not in response
    assert telemetry_capture.events == []
