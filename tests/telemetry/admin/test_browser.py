"""Every page in a real browser: quiet console, no sideways scrolling, in light and dark.

Screenshots are written to the folder that TELEMETRY_SCREENSHOTS names, else to a temporary one.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.telemetry import factory
from tests.telemetry.admin import scene

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

# On CI a missing browser is a fault of CI; at a desk it is a choice.
pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"], transaction=True),
    pytest.mark.skipif(
        not CHROMIUM and not os.environ.get("CI"),
        reason="chromium is not installed: apt-get install chromium",
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread, and Django refuses to query beside a loop.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM or None, args=FLAGS)
        yield launched
        launched.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def visitor(browser: Any, live_server: Any, client: Client) -> Iterator[Any]:
    """Opens pages as the admin user and collects what the console complains of."""
    user = User.objects.create_superuser("admin", "admin@example.com", "x")
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context = browser.new_context(base_url=live_server.url)
    context.add_cookies([{**cookie, "url": live_server.url}])
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: (
            page.complaints.append(said.text) if said.type in ("error", "warning") else None
        ),
    )
    yield page
    context.close()


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("TELEMETRY_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_everywhere(page: Any, path: str, name: str, shots: Path, status: int = 200) -> None:
    """Opens one page at two widths and in two themes, and checks each."""
    for width, theme in ((1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.complaints.clear()
        answer = page.goto(f"/admin/telemetry/{path}")
        assert answer.status == status
        assert page.locator("h1").count() == 1
        scrolls = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        page.screenshot(path=shots / f"{name}-{width}-{theme}.png", full_page=True)
        assert not scrolls, f"{path} scrolls sideways at {width} px"
        # The browser itself notes every answer that is an error.
        said = [text for text in page.complaints if "Failed to load resource" not in text]
        assert said == []


PAGES = {
    "overview": "",
    "requests": "request/",
    "requests-filtered": "request/?status=5xx&since=1h",
    "logs": "log/",
    "errors": "error/",
    "error": "error/{error}/",
    "trace": "trace/{payment}/",
    "trace-failed": "trace/{failed}/",
    "transaction": f"transaction/{scene.TRANSACTION}/",
    "metrics": "metric/",
    "metric": "metric/http_server_request_duration_seconds/?by=route",
    "metric-counter": "metric/http_server_requests_total/",
    "objectives": "objective/?since=1h",
    "status": "status/",
    "find": "find/",
    "loadruns": "loadrun/",
}


def test_every_full_page_is_drawn_well(visitor: Any, shots: Path) -> None:
    rows = scene.build()
    for name, path in PAGES.items():
        where = path.format(error=rows.error_id, payment=rows.payment.uid, failed=rows.failed.uid)
        open_everywhere(visitor, where, name, shots)


@pytest.mark.parametrize("name", ["overview", "requests", "logs", "errors"])
def test_every_empty_page_is_drawn_well(visitor: Any, shots: Path, name: str) -> None:
    open_everywhere(visitor, PAGES[name], f"{name}-empty", shots)


def test_a_bad_filter_and_an_unknown_id_are_drawn_well(visitor: Any, shots: Path) -> None:
    factory.request()
    open_everywhere(visitor, "request/?status=abc&min_ms=x", "bad-filter", shots, status=400)
    open_everywhere(visitor, "trace/" + "f" * 32 + "/", "unknown-id", shots, status=404)


def test_a_stranger_comes_from_the_overview_to_the_slowest_requests_records_in_three_clicks(
    visitor: Any,
) -> None:
    rows = scene.build()
    factory.served("api/transactions/", 1.402, rows.failed.timestamp, 500)
    visitor.set_viewport_size({"width": 1280, "height": 900})
    visitor.goto("/admin/telemetry/")
    visitor.locator(".t-tiles li", has_text="Slowest").locator("a").first.click()
    visitor.locator("#content tbody th[scope=row] a").first.click()
    assert visitor.url.endswith(f"/trace/{rows.failed.uid}/")
    assert "Internal Server Error: /api/transactions/" in visitor.content()


def test_filters_are_set_and_cleared_with_the_form(visitor: Any) -> None:
    rows = scene.build()
    visitor.set_viewport_size({"width": 1280, "height": 900})
    visitor.goto("/admin/telemetry/request/?since=1h")
    visitor.get_by_label("Outcome").fill("declined")
    visitor.get_by_role("button", name="Apply").click()
    links = visitor.locator("#content tbody th[scope=row] a")
    assert links.count() == 1
    assert rows.payment.uid in links.first.get_attribute("href")
    assert "since=1h" in visitor.url
    visitor.get_by_role("link", name="Clear").click()
    assert links.count() > 1


def test_the_find_box_leads_to_a_trace(visitor: Any) -> None:
    rows = scene.build()
    visitor.goto("/admin/telemetry/")
    visitor.get_by_label("Find a trace").fill("checkout-2026-11-24-0017")
    visitor.keyboard.press("Enter")
    visitor.wait_for_url(f"**/trace/{rows.payment.uid}/")
