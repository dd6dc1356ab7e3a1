"""The pages of load runs in a real browser: full and waiting for their result."""

from pathlib import Path
from typing import Any

from tests.loadtests.test_pages import result, run
from tests.telemetry.admin import test_browser
from tests.telemetry.admin.test_browser import browser, open_everywhere, shots, visitor

__all__ = ["browser", "shots", "visitor"]
pytestmark = test_browser.pytestmark


def test_load_runs_are_drawn_well_with_and_without_a_result(visitor: Any, shots: Path) -> None:
    run(20, result(21))
    run(3, name="waiting")
    open_everywhere(visitor, "loadrun/", "loadruns-full", shots)
    open_everywhere(visitor, "loadrun/r1/", "loadrun", shots)
    open_everywhere(visitor, "loadrun/waiting/", "loadrun-waiting", shots)


def test_a_run_leads_to_its_requests(visitor: Any) -> None:
    run(4, result(4))
    visitor.goto("/admin/telemetry/loadrun/")
    visitor.locator("#content a[href*='load_run=r1']").first.click()
    assert visitor.locator("#content tbody th[scope=row]").count() == 4
