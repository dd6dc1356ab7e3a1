"""The range query: exact sums and merges, steps and levels, and errors that name the argument."""

import json
import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

from telemetry.queries import arguments, levels, series
from telemetry.queries.quantiles import nearest_rank
from telemetry.queries.series import BadQuery, query
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
START = NOW - timedelta(minutes=20)


def paid(amount: float, at: datetime, **labels: str) -> None:
    factory.observe(factory.series("paid_total", "c", **labels), amount, at)


def took(seconds: float, at: datetime, **labels: str) -> None:
    factory.observe(factory.series("took_seconds", "h", **labels), seconds, at)


def test_each_series_by_steps_from_the_start_on() -> None:
    for second, amount, currency in ((0, 1, "EUR"), (61, 2, "EUR"), (65, 4, "EUR"), (3, 8, "USD")):
        paid(amount, START + timedelta(seconds=second), currency=currency)
    paid(99, START - timedelta(seconds=1), currency="EUR")
    paid(99, NOW, currency="EUR")
    answer = query("paid_total", start=START, end=NOW, step=60)
    assert (answer.type, answer.step, answer.resolution) == ("counter", 60, 10)
    assert (answer.start, answer.end, answer.overflowed) == (START, NOW, False)
    euros, dollars = answer.series
    assert (euros.labels, dollars.labels) == ({"currency": "EUR"}, {"currency": "USD"})
    assert [(p.start, p.count, p.total, p.minimum, p.maximum) for p in euros.points] == [
        (START, 1, 1, 1, 1),
        (START + timedelta(seconds=60), 2, 6, 2, 4),
    ]
    assert [p.total for p in dollars.points] == [8]


def test_a_range_of_any_length_is_one_point_with_a_step_as_long() -> None:
    start = START + timedelta(seconds=10)
    for second in range(0, 100, 5):
        took(0.1 + second, start + timedelta(seconds=second))
    answer = query(
        "took_seconds", start=start, end=start + timedelta(seconds=70), step=70, quantiles=[0.5]
    )
    (point,) = answer.series[0].points
    assert (point.start, point.count) == (start, 14)
    assert point.quantiles[0.5] == pytest.approx(30.1, rel=0.0109)


def test_labels_match_and_merge() -> None:
    for region in ("eu", "us"):
        for kind in ("card", "bank"):
            paid(1 if region == "eu" else 10, START, region=region, kind=kind)

    def totals(**given: Any) -> list[tuple[dict[str, str], float]]:
        found = query("paid_total", start=START, end=NOW, step=3600, **given).series
        return [(dict(one.labels), one.points[0].total) for one in found]

    assert totals(by=[]) == [({}, 22)]
    assert totals(by=["region"]) == [({"region": "eu"}, 2), ({"region": "us"}, 20)]
    assert totals(labels={"region": "us"}, by=[]) == [({}, 20)]
    assert totals(labels={"region": "us"}) == [
        ({"kind": "bank", "region": "us"}, 10),
        ({"kind": "card", "region": "us"}, 10),
    ]


def test_merged_histograms_have_the_quantiles_of_all_observations() -> None:
    chance = random.Random(5)
    values = []
    for n in range(300):
        value = chance.lognormvariate(-3, 2)
        took(value, START + timedelta(seconds=n), route=f"r{n % 7}")
        values.append(value)
    asked = [0, 0.07, 0.5, 0.99, 1]
    answer = query("took_seconds", start=START, end=NOW, step=3600, quantiles=asked, by=[])
    (point,) = answer.series[0].points
    assert (point.count, point.total) == (300, pytest.approx(sum(values)))
    for q in asked:
        rank = max(1, math.ceil(round(q * 300, 6)))
        assert point.quantiles[q] == pytest.approx(sorted(values)[rank - 1], rel=0.0109)
    assert (point.quantiles[0], point.quantiles[1]) == (min(values), max(values))


def test_the_rank_of_a_rounded_share_is_the_one_that_was_meant() -> None:
    assert nearest_rank(range(1, 101), 0.07) == 7  # type: ignore[arg-type]
    for n in range(1, 101):
        took(n, START)
    answer = query("took_seconds", start=START, end=NOW, step=3600, quantiles=[0.07, 0.29])
    told = answer.series[0].points[0].quantiles
    assert (round(told[0.07]), round(told[0.29])) == (7, 29)


def test_the_last_value_of_a_gauge_is_the_newest_of_a_step_and_adds_up_over_series() -> None:
    for process, values in (("a", (5, 7, 2)), ("b", (10, 1, 30))):
        for n, value in enumerate(values):
            one = factory.series("memory_bytes", "g", process=process)
            factory.observe(one, value, START + timedelta(seconds=10 * n))
    each = query("memory_bytes", start=START, end=NOW, step=60)
    assert [one.points[0].last for one in each.series] == [2, 30]
    (whole,) = query("memory_bytes", start=START, end=NOW, step=60, by=[]).series
    (point,) = whole.points
    assert (point.last, point.minimum, point.maximum, point.count) == (32, 1, 30, 6)


def test_what_overflowed_stays_apart_and_is_said() -> None:
    paid(1, START, route="a")
    paid(5, START, **{series.OVERFLOW: "true"})
    answer = query("paid_total", start=START, end=NOW, by=["route"])
    assert [dict(one.labels) for one in answer.series] == [
        {series.OVERFLOW: "true"},
        {"route": "a"},
    ]
    assert answer.overflowed
    assert query("paid_total", start=START, end=NOW, by=[]).series[0].points[0].total == 6
    before = START - timedelta(minutes=20)
    assert not query("paid_total", start=before, end=before + timedelta(minutes=5)).overflowed


@pytest.mark.parametrize(
    ("ago", "span", "step", "level"),
    [
        (timedelta(hours=1), timedelta(minutes=30), None, 10),
        (timedelta(hours=2), timedelta(hours=2), None, 60),
        (timedelta(hours=2), timedelta(hours=2), 10, 10),
        (timedelta(hours=12), timedelta(hours=12), None, 60),
        (timedelta(hours=12), timedelta(hours=12), 3600, 60),
        (timedelta(days=1), timedelta(days=1), 60, 60),
        (timedelta(days=1), timedelta(days=1), None, 3600),
        (timedelta(days=3), timedelta(minutes=30), None, 60),
        (timedelta(days=40), timedelta(minutes=30), None, 3600),
        (timedelta(days=40), timedelta(hours=3), 3600, 3600),
        (timedelta(days=500), timedelta(minutes=30), None, 86_400),
        (timedelta(days=900), timedelta(minutes=30), None, 2_592_000),
        (timedelta(days=7), timedelta(days=7), None, 3600),
        (timedelta(days=30), timedelta(days=30), None, 21_600),
        (timedelta(days=365), timedelta(days=365), None, 86_400),
        (timedelta(days=365), timedelta(days=365), 36 * 3600, 21_600),
        (timedelta(days=365), timedelta(days=365), 35 * 3600, 3600),
    ],
)
def test_the_level_is_picked_by_range_step_and_what_is_kept(
    ago: timedelta, span: timedelta, step: int | None, level: int
) -> None:
    paid(1, NOW)
    answer = query("paid_total", start=NOW - ago, end=NOW - ago + span, step=step)
    assert answer.resolution == level
    assert answer.step % level == 0
    assert (answer.end - answer.start).total_seconds() / answer.step <= levels.MAX_POINTS


def test_retention_decides_what_is_held() -> None:
    paid(1, NOW)
    with override_settings(TELEMETRY={"RETENTION": {"buckets_10s": 0.001}}):
        assert query("paid_total", start=START, end=NOW).resolution == 60
        with pytest.raises(BadQuery, match=r"step: 10 is too small.* multiple of 60"):
            query("paid_total", start=START, end=NOW, step=10)


@pytest.mark.parametrize("years", [2, 50, 5_000])
def test_a_step_is_found_for_any_range(years: int) -> None:
    paid(1, NOW)
    start = datetime(1970, 1, 1, tzinfo=UTC)
    end = start.replace(year=1970 + years)
    answer = query("paid_total", start=start, end=end)
    assert (answer.end - answer.start).total_seconds() / answer.step <= levels.MAX_POINTS


@pytest.mark.parametrize(
    ("series", "days", "step", "level"),
    [
        (1, 7, 3_600, 3_600),
        (1, 30, 21_600, 21_600),
        (20, 30, 21_600, 21_600),
        (40, 30, 86_400, 86_400),
        (1, 365, 86_400, 86_400),
        (40, 365, 2_592_000, 2_592_000),
        (500, 365, 2_592_000, 2_592_000),
        (40, 7, 21_600, 21_600),
        (120, 7, 86_400, 86_400),
        # A month in one point would say nothing, nor a day in four.
        (500, 30, 86_400, 86_400),
        (500, 1, 3_600, 3_600),
        (500, 1 / 24, 120, 60),
    ],
)
def test_a_step_is_chosen_longer_where_there_are_many_series(
    series: int, days: float, step: int, level: int
) -> None:
    grid = arguments.grid(NOW - timedelta(days=days), NOW, None, series)
    assert (grid.step, grid.level) == (step, level)
    # Whole steps, each of one bucket of its level where the level is as long.
    assert grid.first % level == 0
    assert (grid.stop - grid.first) / grid.step * series <= arguments.MAX_ANSWER


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("name", {"name": "unknown_total"}),
    ("name", {"name": ""}),
    ("name", {"name": "\udc80\x00"}),
    ("name", {"name": None}),
    ("labels", {"labels": {"color": "red"}}),
    ("labels", {"labels": {"route": "unknown"}}),
    ("labels", {"labels": {"route": "\udc80"}}),
    ("labels", {"labels": {"\udc80": "a"}}),
    ("start", {"start": NOW, "end": START}),
    ("start", {"start": NOW, "end": NOW}),
    ("start", {"start": START.replace(tzinfo=None)}),
    ("start", {"start": datetime.min.replace(tzinfo=UTC)}),
    ("start", {"start": "yesterday"}),
    ("end", {"end": NOW.replace(tzinfo=None)}),
    ("end", {"end": datetime.max.replace(tzinfo=UTC)}),
    ("step", {"step": 0}),
    ("step", {"step": -60}),
    ("step", {"step": 15}),
    ("step", {"step": 10.0}),
    ("step", {"step": True}),
    ("step", {"step": 10**30}),
    ("step", {"step": 10, "start": NOW - timedelta(days=1)}),
    ("step", {"step": 10, "start": NOW - timedelta(days=3)}),
    ("step", {"step": 60, "start": NOW - timedelta(days=40), "end": NOW - timedelta(days=39)}),
    ("quantiles", {"quantiles": [0.5, 1.5]}),
    ("quantiles", {"quantiles": [-0.1]}),
    ("quantiles", {"quantiles": [math.nan]}),
    ("quantiles", {"quantiles": [True]}),
    ("quantiles", {"quantiles": ["x"]}),
    ("quantiles", {"quantiles": [n / 100 for n in range(50)]}),
    ("quantiles", {"name": "paid_total", "quantiles": [0.5]}),
    ("by", {"by": ["color"]}),
    ("by", {"by": "route"}),
]


@pytest.mark.parametrize(("argument", "changes"), WRONG)
def test_a_bad_argument_is_named(argument: str, changes: dict[str, Any]) -> None:
    took(1, START, route="a")
    paid(1, START, route="a")
    given = {"name": "took_seconds", "start": START, "end": NOW, **changes}
    with pytest.raises(BadQuery) as caught:
        query(given.pop("name"), **given)
    assert caught.value.argument == argument
    assert str(caught.value) == f"{argument}: {caught.value.message}"


def test_too_many_series_are_refused_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "MAX_SERIES", 3)
    for n in range(4):
        paid(1, START, route=f"r{n}", kind=f"k{n % 2}")
    with pytest.raises(BadQuery, match="by: 4 series"):
        query("paid_total", start=START, end=NOW)
    assert len(query("paid_total", start=START, end=NOW, by=["kind"]).series) == 2
    monkeypatch.setattr(arguments, "MAX_ANSWER", 100)
    with pytest.raises(BadQuery, match=r"step: .* points"):
        query("paid_total", start=START, end=NOW, step=10, by=["kind"])
    # A step that is chosen is one that will do.
    answer = query("paid_total", start=START, end=NOW, by=["kind"])
    assert (answer.end - answer.start).total_seconds() / answer.step * 2 <= 100


def test_a_metric_without_series_or_observations_has_an_empty_answer() -> None:
    factory.series("quiet_total", "c", route="a")
    assert query("quiet_total", start=START, end=NOW).series == []


def test_a_sum_beyond_the_largest_float_stays_json() -> None:
    for _ in range(3):
        took(1e308, START)
    point = query("took_seconds", start=START, end=NOW).series[0].points[0]
    json.dumps(point.total, allow_nan=False)
    assert point.count == 3
