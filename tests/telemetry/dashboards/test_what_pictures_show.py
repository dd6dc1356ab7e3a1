"""The numbers behind the pictures, against the observations that they were made of."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connections

from telemetry.dashboards import panels, sheet, units
from telemetry.dashboards.sheet import Sheet, fit, label_ends
from telemetry.ingest.names import Names
from telemetry.ingest.rollup import Rollup
from telemetry.queries import images, metrics
from telemetry.queries.images import Span

END = datetime(2026, 11, 24, 14, 15, 30, tzinfo=UTC)
MINUTE = 60


def spanning(minutes: int, step: int = MINUTE) -> Span:
    return Span(END - timedelta(minutes=minutes), END, step)


def test_a_rate_is_events_by_the_seconds_of_a_step() -> None:
    span = spanning(5)
    rates = span.rates(dict.fromkeys(span.starts[:-1], 120.0))
    assert rates[:-1] == [2.0] * (len(span.starts) - 1)


def test_the_step_that_has_just_begun_is_not_drawn_as_a_fall() -> None:
    span = spanning(5)
    # 30 s of the last step at two a second.
    sums = dict.fromkeys(span.starts, 120.0) | {span.starts[-1]: 60.0}
    assert span.rates(sums)[-1] == pytest.approx(2.0)


def test_a_range_within_one_step_has_its_rate() -> None:
    span = Span(END - timedelta(seconds=20), END, MINUTE)
    assert span.rates({span.starts[0]: 60.0}) == [2.0]


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("job_duration_seconds", 0.0123, "12.3 ms"),
        ("sent_bytes_total", 13_400_000, "13.4 MB"),
        ("sent_bytes_total", 0.5, "0.5 B"),
        ("hit_ratio", 0.0123, "1.23 %"),
        ("orders_total", 1_234, "1,234"),
        ("orders_total", 12_345, "12.3 k"),
        ("balance", -7, "-7"),
    ],
)
def test_values_are_written_by_the_unit_in_the_name(metric: str, value: float, text: str) -> None:
    assert units.of(metric)(value) == text


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (10, "one point is 10 s"),
        (300, "one point is 5 min, added up from 1 min"),
        (3_600, "one point is 1 h"),
        (86_400, "one point is 1 d"),
    ],
)
def test_the_header_says_which_roll_up_was_read(step: int, told: str) -> None:
    text = sheet._range(spanning(30, step))
    assert text.endswith(told)


def test_lines_are_named_by_what_tells_them_apart() -> None:
    many = [{"method": "GET", "route": "a/"}, {"method": "GET", "route": "b/"}, {"method": "GET"}]
    assert panels.telling(many) == ["a/", "b/", "(none)"]
    assert panels.telling(many[:1]) == [""]


def test_text_is_cut_to_its_place_and_can_do_nothing_else() -> None:
    assert fit("short", 500, 9) == "short"
    cut = fit("x" * 500, 100, 9)
    assert cut.endswith("…")
    assert len(cut) < 20
    assert fit("a\x1b[2J\nb", 0, 9) == "a\\x1b[2J\\nb"


def test_labels_at_the_same_height_do_not_touch() -> None:
    sheet = Sheet("t", spanning(5), 400)
    axes = sheet.panel((40, 90, 600, 200), "p", gutter=100)
    axes.set_ylim(0, 10)
    label_ends(axes, [(9.9, str(n), "black") for n in range(6)], 100)
    heights = sorted(text.xy[1] for text in axes.texts)  # type: ignore[attr-defined]
    pixels = axes.bbox.height
    assert all((b - a) * pixels > 10 for a, b in pairwise(heights))
    assert heights[-1] <= 1


@pytest.mark.django_db(databases=["telemetry"])
def test_counters_gauges_and_histograms_of_the_store() -> None:
    names, rollup, at = Names(), Rollup(), int((END - timedelta(minutes=2)).timestamp() * 1e6)
    connections["telemetry"].ensure_connection()
    db = connections["telemetry"].connection
    for label, value in (("a", 30.0), ("b", 60.0), ("c", float("inf"))):
        number = names.series(db, "c", "sold_total", {"shop": label})
        rollup.add("c", number, at, value)
    gauge = names.series(db, "g", "depth", {})
    for value in (3.0, 9.0, 5.0):
        rollup.add("g", gauge, at, value)
    timer = names.series(db, "h", "took_seconds", {})
    for value in (0.1, 0.1, 0.1, 8.0):
        rollup.add("h", timer, at, value)
    rollup.write(db)
    span = spanning(10)
    sold, depth, took = (
        next(one for one in metrics.names() if one.name == name)
        for name in ("sold_total", "depth", "took_seconds")
    )
    counted = images.counter(sold, span, most=1)
    assert [line.labels for line in counted.lines] == [{"shop": "b"}]
    assert (counted.series, counted.total, max(counted.lines[0].values)) == (2, 90.0, 1.0)
    assert [value for value in images.gauge(depth, span, 5).lines[0].values if value] == [5.0]
    assert list(images.extremes("depth", span).values()) == [(3.0, 9.0)]
    (whole,) = images.histogram(took, span, 3)
    assert whole.count == 4
    told = whole.quantiles(span.starts, (0.5, 0.99))
    p50, p99 = (next(value for value in told[q] if value) for q in (0.5, 0.99))
    assert p50 == pytest.approx(0.1, rel=0.011)
    assert p99 == pytest.approx(8.0, rel=0.011)
