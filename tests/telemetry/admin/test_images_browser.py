"""The page of pictures in a real browser: empty, drawn by its button, and with an older set."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from telemetry.conf import settings
from telemetry.dashboards.draw import draw
from tests.telemetry import factory
from tests.telemetry.admin import test_browser
from tests.telemetry.admin.test_browser import browser, open_everywhere, shots, visitor

__all__ = ["browser", "shots", "visitor"]
pytestmark = test_browser.pytestmark


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(settings.__dict__, "DATA_DIR", tmp_path)
    return tmp_path


def test_pictures_are_drawn_by_the_button_and_older_ones_stay_within_reach(
    visitor: Any, shots: Path
) -> None:
    open_everywhere(visitor, "dashboard/", "images-empty", shots)
    now = datetime.now(UTC)
    factory.request()
    for minute in range(1, 20):
        factory.served("api/payments/", 0.012 * minute, now - timedelta(minutes=minute))
    draw(timedelta(hours=1), now=now - timedelta(hours=1))
    visitor.goto("/admin/telemetry/dashboard/")
    visitor.get_by_role("button", name="Draw now").click()
    assert "4 pictures drawn" in visitor.content()
    older = visitor.locator(".t-sets a").last
    loaded = "[...document.images].filter(one => one.naturalWidth > 1000).length"
    for picture in visitor.locator(".t-pictures img").all():
        picture.scroll_into_view_if_needed()
    visitor.wait_for_function(f"{loaded} === 4")
    older.click()
    assert "set=" in visitor.url
    open_everywhere(visitor, "dashboard/", "images", shots)
