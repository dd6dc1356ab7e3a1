"""Every page of the site in a real browser: its policy is there, and nothing on it breaks it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django_q.models import OrmQ, Task
from rest_framework.authtoken.models import Token

from telemetry.conf import settings
from tests.telemetry import factory
from tests.telemetry.admin import scene, test_browser
from tests.telemetry.admin.test_browser import browser, visitor

__all__ = ["browser", "visitor"]
pytestmark = test_browser.pytestmark

POLICY = {
    "default-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
    "object-src 'none'",
}
# Told by the page itself, before anything of it has run.
LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => window.violations.push(
    `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`
));
"""


@pytest.fixture
def watched(visitor: Any) -> Any:
    visitor.add_init_script(LISTEN)
    return visitor


def directives(header: str) -> set[str]:
    return {part.strip() for part in header.split(";")}


def look(page: Any, path: str) -> None:
    """Opens a page; its headers protect it, and it asks for nothing that they forbid."""
    page.complaints.clear()
    answer = page.goto(path, wait_until="networkidle")
    assert answer.status == 200, path
    headers = answer.headers
    assert directives(headers["content-security-policy"]) == POLICY, path
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert_quiet(page, path)


def assert_quiet(page: Any, path: str) -> None:
    assert page.evaluate("window.violations") == [], path
    # The browser itself notes every answer that is an error: there is no favicon.
    said = [text for text in page.complaints if "Failed to load resource" not in text]
    assert said == [], path


def test_the_listener_sees_a_violation(watched: Any) -> None:
    look(watched, "/")
    watched.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<i style=\"color:red\">x</i>')"
    )
    assert watched.evaluate("window.violations.length") == 1


def test_telemetrys_pages_keep_to_the_policy(
    watched: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setitem(settings.__dict__, "DATA_DIR", tmp_path)
    rows = scene.build()
    for path in test_browser.PAGES.values():
        where = path.format(error=rows.error_id, payment=rows.payment.uid, failed=rows.failed.uid)
        look(watched, f"/admin/telemetry/{where}")
    look(watched, "/admin/telemetry/dashboard/")
    watched.get_by_role("button", name="Draw now").click()
    watched.wait_for_load_state("networkidle")
    assert "4 pictures drawn" in watched.content()
    assert_quiet(watched, "dashboard/")


def test_the_front_page_and_the_login_keep_to_it(watched: Any) -> None:
    look(watched, "/")
    watched.context.clear_cookies()
    look(watched, "/admin/login/")
    watched.get_by_label("Username").fill("admin")
    watched.get_by_label("Password").fill("x")
    watched.get_by_role("button", name="Log in").click()
    watched.wait_for_url("**/admin/")
    assert_quiet(watched, "/admin/")


def test_the_admin_keeps_to_it_and_its_scripts_work(watched: Any, client: Client) -> None:
    user = User.objects.get()
    Group.objects.create(name="g")
    Token.objects.create(user=user)
    now = datetime.now(UTC)
    for number, success in enumerate((True, False)):
        Task.objects.create(
            id=factory.uid(), name="n", func="f", result="r", started=now,
            stopped=now + timedelta(seconds=number), success=success,
        )  # fmt: skip
    OrmQ.objects.create(key="fintech", payload="x", lock=now)
    for path in admin_paths(user):
        look(watched, path)
    watched.goto("/admin/auth/group/add/")
    watched.locator("#id_permissions_from option").first.dblclick()
    assert watched.locator("#id_permissions_to option").count() == 1
    assert_quiet(watched, "/admin/auth/group/add/")


def admin_paths(user: User) -> list[str]:
    models = [
        *("auth/user", "auth/group", "authtoken/tokenproxy", "transactions/transaction"),
        *("transactions/account", "transactions/idempotencyrecord", "django_q/schedule"),
        *("django_q/success", "django_q/failure", "django_q/ormq"),
    ]
    return [
        *("/admin/", "/admin/password_change/", "/admin/auth/"),
        *(f"/admin/{model}/" for model in models),
        *(f"/admin/{model}/add/" for model in ("auth/user", "django_q/schedule")),
        *(f"/admin/auth/user/{user.pk}/{page}/" for page in ("change", "history", "password")),
    ]


def test_the_api_documentation_keeps_to_it_and_sends_requests(watched: Any) -> None:
    look(watched, "/api/docs/")
    watched.get_by_role("button", name="Authorize").first.click()
    watched.locator(".modal-ux input").first.fill("Token nobody")
    watched.locator(".modal-ux").get_by_role("button", name="Close").first.click()
    watched.locator(".opblock-summary").first.click()
    watched.get_by_role("button", name="Try it out").click()
    watched.get_by_role("button", name="Execute").click()
    watched.locator(".live-responses-table").wait_for()
    assert "urn:fintech:problem" in watched.locator(".live-responses-table").inner_text()
    watched.locator(".models button, .model-container button").first.click()
    assert_quiet(watched, "/api/docs/")


@pytest.mark.parametrize("path", ["/", "/nowhere/", "/admin/login/", "/admin/nowhere/"])
def test_pages_without_a_browser_have_it_too(client: Client, path: str) -> None:
    # Of a 404 as well; the API's answers are no pages, and are spared the cost.
    header = client.get(path, follow=True).headers["Content-Security-Policy"]
    assert directives(header) == POLICY
    assert "Content-Security-Policy" not in client.get("/api/nowhere/").headers
