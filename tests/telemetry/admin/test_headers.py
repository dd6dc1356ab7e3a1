"""Telemetry's pages protect themselves in a project that does nothing for them."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from telemetry.admin.headers import CONTENT_SECURITY_POLICY
from telemetry.queries.store import StoreUnavailableError
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

BASE = "/admin/telemetry/"
PLAIN = [
    name
    for name in settings.MIDDLEWARE
    if name.rpartition(".")[2]
    not in ("CspOfPagesMiddleware", "SecurityMiddleware", "XFrameOptionsMiddleware")
]
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@pytest.mark.parametrize(
    "page", ["", "request/", "log/", "error/", "status/", "find/", "dashboard/", "find/?id=nobody"]
)
def test_pages_have_their_headers_in_a_project_that_sets_none(viewer: Client, page: str) -> None:
    factory.request()
    with override_settings(MIDDLEWARE=PLAIN):
        answer = viewer.get(BASE + page)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_the_page_of_a_bad_day_has_them_too(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise StoreUnavailableError("The store is locked.", "wait")

    monkeypatch.setattr("telemetry.queries.requests.page", broken)
    with override_settings(MIDDLEWARE=PLAIN):
        answer = viewer.get(BASE + "request/")
    assert answer.status_code == 503
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


class OwnPolicyCspMiddleware:
    """What a project may have: a policy where the answer has none."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", "default-src https:")
        return response


def test_a_projects_own_policy_stands(viewer: Client) -> None:
    with override_settings(MIDDLEWARE=[f"{__name__}.OwnPolicyCspMiddleware", *PLAIN]):
        answer = viewer.get(BASE)
    assert answer.headers["Content-Security-Policy"] == "default-src https:"


def test_other_pages_of_the_project_are_left_alone(viewer: Client) -> None:
    with override_settings(MIDDLEWARE=PLAIN):
        assert "Content-Security-Policy" not in viewer.get("/admin/").headers
