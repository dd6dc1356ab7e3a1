"""The list of metrics, the course of one, and the objectives, as people see them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client, override_settings

from telemetry.conf import settings
from telemetry.models import Metric
from telemetry.queries import courses, listed
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

BASE = "/admin/telemetry/metric/"
QUEUE, PAID, SECONDS = "queue_depth", "paid_total", "shipping_duration_seconds"


def now() -> datetime:
    return datetime.now(UTC)


def fill() -> None:
    """A counter of two currencies, a gauge of one series, a histogram."""
    at = now() - timedelta(seconds=90)
    for currency, times in (("EUR", 6), ("USD", 3)):
        for _ in range(times):
            factory.observe(factory.series(PAID, "c", currency=currency), 2, at)
    factory.observe(factory.series(QUEUE, "g"), 7, at)
    for value in (0.1, 0.2, 4.0):
        factory.observe(factory.series(SECONDS, "h", carrier="post"), value, at)
    Metric.objects.using(settings.DATABASE).filter(name=PAID).update(help="Payments <made>.")


def test_the_list_says_what_each_is_and_does_now(viewer: Client) -> None:
    fill()
    answer = viewer.get(BASE)
    found = re.sub(r"<[^>]*>|\s+", " ", answer.text)
    assert re.search(r"paid_total\s+Payments &lt;made&gt;\.\s+counter\s+2\s+0\.0", found)
    assert re.search(r"queue_depth\s+gauge\s+1\s+7 ", found)
    assert "Payments <made>" not in answer.text


def test_now_is_the_newest_value_or_what_was_added_a_second() -> None:
    fill()
    later = now().timestamp()
    found = {one.metric.name: one for one in listed.listed(later)}
    window = later - int(later - listed.RECENT) // 60 * 60
    assert found[PAID].newest == pytest.approx(18 / window)
    assert found[SECONDS].newest == pytest.approx(3 / window)
    assert (found[QUEUE].newest, found[PAID].series) == (7, 2)
    old = {one.metric.name: one.newest for one in listed.listed(later + 3_600)}
    assert old == {PAID: None, QUEUE: None, SECONDS: None}


@pytest.mark.parametrize("name", [PAID, QUEUE, SECONDS])
@pytest.mark.parametrize("query", ["", "?since=15m", "?since=7d&by=", "?by=*", "?since=24h"])
def test_a_metric_has_a_chart_and_says_what_it_was_read_from(
    viewer: Client, name: str, query: str
) -> None:
    fill()
    answer = viewer.get(f"{BASE}{name}/{query}")
    assert answer.status_code == 200
    assert "<polyline" in answer.text
    assert re.search(
        r"steps of \d+ (s|min|h|d), read from the roll-up of \d+ (s|min|h|d)", answer.text
    )
    assert " style=" not in answer.text


def test_lines_are_told_apart_by_a_label_or_merged(viewer: Client) -> None:
    fill()
    apart = viewer.get(f"{BASE}{PAID}/?by=currency").text
    assert "currency=EUR" in apart
    assert apart.count('<g class="t-series') == 2
    merged = viewer.get(f"{BASE}{PAID}/?by=").text
    assert merged.count('<g class="t-series') == 1
    assert re.search(r">\s*18\s*<", merged)


@pytest.mark.parametrize(
    ("query", "argument"),
    [("by=colour", "by"), ("since=soon", "since"), ("from=2026-01-02&to=2026-01-01", "to"),
     ("from=1960-01-01&to=1961-01-01", "start"), ("route=x", "route")],
)  # fmt: skip
def test_a_bad_parameter_is_named(viewer: Client, query: str, argument: str) -> None:
    fill()
    answer = viewer.get(f"{BASE}{PAID}/?{query}")
    assert answer.status_code == 400
    assert f"<strong>{argument}</strong>" in answer.text


@pytest.mark.parametrize("name", ["nowhere", "x" * 500, "%00", "a%2Fb", "paid_total'--"])
def test_a_metric_that_there_is_not_is_not_found(viewer: Client, name: str) -> None:
    assert viewer.get(f"{BASE}{name}/").status_code == 404


def test_a_silent_range_says_so(viewer: Client) -> None:
    fill()
    answer = viewer.get(f"{BASE}{PAID}/?from=2025-01-01T00:00:00Z&to=2025-01-01T01:00:00Z")
    assert "Nothing was measured" in answer.text


def test_a_gauge_that_stays_is_carried_on_for_as_long_as_it_may_be_silent() -> None:
    end = now()
    factory.observe(factory.series(QUEUE, "g"), 7, end - timedelta(minutes=20))
    (course,) = courses.told(QUEUE, end - timedelta(minutes=25), end, None).courses
    known = [value for value in course.values if value is not None]
    assert known == [7] * 31
    assert course.values[-1] is None


def test_a_counters_course_is_a_rate_whose_sum_is_what_was_added() -> None:
    fill()
    end = now()
    told = courses.told(PAID, end - timedelta(hours=1), end, [])
    (course,) = told.courses
    assert sum(value or 0 for value in course.values) * told.answer.step == pytest.approx(18)
    assert [one.did.total for one in told.wholes] == [18]


@override_settings(TELEMETRY={"SLO": {"availability": 0.9, "routes": {"free/": {}}}})
def test_objectives_show_what_was_attained_and_what_is_left(viewer: Client) -> None:
    at = now() - timedelta(minutes=5)
    for _ in range(19):
        factory.served("pay/", 0.01, at)
    factory.served("pay/", 0.01, at, 500)
    text = viewer.get("/admin/telemetry/objective/").text
    assert "pay/" in text
    assert "95 %" in text
    assert "50 %" in text
    assert "0.950" in text


def test_no_share_is_shown_as_all_unless_it_is() -> None:
    from telemetry.templatetags.telemetry_format import attained, budget

    assert [attained(share) for share in (1, 0.999999, 0.9995, 0.29, 0)] == [
        "100 %", "99.999 %", "99.95 %", "29 %", "0 %",
    ]  # fmt: skip
    assert [budget(left) for left in (1, 0.5, -12.34)] == ["100 %", "50 %", "-1,234 %"]


def test_the_overview_names_routes_whose_requests_died(viewer: Client) -> None:
    at = now() - timedelta(minutes=5)
    factory.served("api/fast/", 0.01, at)
    series = factory.series(
        "http_server_requests_total", "c", method="GET", route="api/heavy/", status="died"
    )
    factory.observe(series, 1, at)
    text = viewer.get("/admin/telemetry/").text
    assert "Routes that failed" in text
    assert "api/heavy/" in text
    assert "error=process_died" in text


def test_a_trace_tells_how_long_its_request_waited(viewer: Client) -> None:
    waited = factory.request(queue_time=30_000)
    text = viewer.get(f"/admin/telemetry/trace/{waited.uid}/").text
    assert "Waited before" in text
    assert "30 ms" in text
    straight = factory.request()
    assert "Waited before" not in viewer.get(f"/admin/telemetry/trace/{straight.uid}/").text
