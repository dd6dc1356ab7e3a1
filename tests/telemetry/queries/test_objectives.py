"""Apdex, objectives and error budgets against a plain count of what was served."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from telemetry import targets
from telemetry.checks import check_values
from telemetry.ingest import histogram, packed
from telemetry.queries import histograms
from telemetry.queries import objectives as queries
from tests.telemetry import factory

stored = pytest.mark.django_db(databases=["default", "telemetry"])
NOW = datetime(2026, 1, 31, 13, 37, 42, tzinfo=UTC)
AT = NOW - timedelta(minutes=10)
SLO = {"availability": 0.9, "latency": {"seconds": 0.5, "share": 0.5}}


def objectives(hours: float = 1) -> queries.Objectives:
    return queries.objectives(NOW - timedelta(hours=hours), NOW)


def served(*seconds: float, status: int = 201, route: str = "pay/") -> None:
    for each in seconds:
        factory.served(route, each, AT, status)


def died(route: str = "pay/") -> None:
    series = factory.series(
        "http_server_requests_total", "c", method="POST", route=route, status="died"
    )
    factory.observe(series, 1, AT)


@stored
def test_apdex_counts_satisfied_whole_tolerated_half_and_failures_not_at_all() -> None:
    served(0.1, 0.2, 0.3, 1.0, 1.9, 9.0)
    served(0.1, status=503)
    died()
    (row,) = objectives().routes
    assert (row.requests, row.satisfied, row.tolerating) == (8, 3, 2)
    assert row.apdex == pytest.approx((3 + 2 / 2) / 8)


@stored
@override_settings(TELEMETRY={"SLO": SLO})
def test_objectives_say_what_was_attained_and_what_budget_is_left() -> None:
    served(*[0.1] * 12, *[2.0] * 4, 0.2, 0.2)
    served(0.1, status=500)
    died()
    whole = objectives().whole
    assert whole is not None
    # 2 of 20 failed: all that may.
    assert whole.availability == queries.Attained(0.9, 18, 20)
    assert whole.availability.is_met
    assert whole.availability.budget_left == pytest.approx(0)
    # Of 18 that were answered 4 were slow, 9 may be.
    assert whole.latency == queries.Attained(0.5, 14, 18)
    assert whole.latency.budget_left == pytest.approx(5 / 9)


@stored
@override_settings(TELEMETRY={"SLO": SLO})
def test_a_budget_that_is_overspent_is_below_zero() -> None:
    served(0.1)
    served(0.1, status=500)
    (row,) = objectives().routes
    assert row.availability is not None
    assert not row.availability.is_met
    assert row.availability.budget_left == pytest.approx(-4)


@stored
@override_settings(
    TELEMETRY={
        "APDEX_SECONDS": {"reports/*": 4.0, "*": 0.1},
        "SLO": {**SLO, "routes": {"reports/*": {"latency": None}, "reports/<int:id>/": {}}},
    }
)
def test_routes_have_wishes_of_their_own() -> None:
    served(3.0, route="reports/<int:id>/")
    served(3.0, route="pay/")
    reports, pay = sorted(objectives().routes, key=lambda row: row.target.apdex_seconds)[::-1]
    assert (reports.route, reports.apdex, reports.latency) == ("reports/<int:id>/", 1, None)
    assert reports.availability == queries.Attained(0.9, 1, 1)
    assert (pay.route, pay.apdex) == ("pay/", 0)
    assert pay.latency == queries.Attained(0.5, 0, 1)


@stored
@override_settings(TELEMETRY={"SLO": None})
def test_without_objectives_there_is_apdex_alone() -> None:
    served(0.1)
    whole = objectives().whole
    assert whole is not None
    assert (whole.apdex, whole.availability, whole.latency) == (1, None, None)


@stored
def test_the_route_that_misses_most_is_first_and_the_range_alone_counts() -> None:
    served(*[0.1] * 100, route="good/")
    served(0.1, status=500, route="bad/")
    factory.served("old/", 0.1, NOW - timedelta(hours=3), 500)
    assert [row.route for row in objectives().routes] == ["bad/", "good/"]
    assert [row.route for row in objectives(6).routes] == ["bad/", "old/", "good/"]


@stored
def test_a_silent_range_has_nothing() -> None:
    assert objectives().whole is None
    assert objectives().routes == []


@given(st.floats(0.001, 100), st.floats(0.0001, 1_000))
def test_only_what_lies_between_a_threshold_and_its_bucket_is_on_the_wrong_side(
    seconds: float, took: float
) -> None:
    bound = queries.threshold(seconds)
    assert abs(bound / seconds - 1) <= queries.ERROR
    assert queries.ERROR < 0.011
    one = packed.pack({histogram.index(took): 1})
    within = histograms.at_most([one], [[queries._bucket(seconds)]]) == [[1]]
    low, high = sorted((seconds, bound))
    if not low * (1 - 1e-12) <= took <= high * (1 + 1e-12):
        assert within == (took <= seconds)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"APDEX_SECONDS": 0}, "TELEMETRY['APDEX_SECONDS'] is 0"),
        ({"APDEX_SECONDS": {"api/*": "1"}}, "TELEMETRY['APDEX_SECONDS']['api/*'] is '1'"),
        ({"APDEX_SECONDS": {7: 1}}, "has the key 7"),
        ({"SLO": 0.99}, "TELEMETRY['SLO'] is 0.99"),
        ({"SLO": {"availability": 1}}, "['availability'] is 1: it lies between 0 and 1"),
        ({"SLO": {"availabilty": 0.9}}, "has no key 'availabilty'; it has availability, latency"),
        ({"SLO": {"latency": 0.5}}, "['latency'] is 0.5: write {'seconds': 0.5, 'share': 0.99}"),
        ({"SLO": {"latency": {"seconds": 0.5}}}, "['latency']['share'] is None"),
        ({"SLO": {"latency": {"seconds": -1, "share": 0.5}}}, "['latency']['seconds'] is -1"),
        ({"SLO": {"routes": []}}, "TELEMETRY['SLO']['routes'] is []"),
        ({"SLO": {"routes": {"a": {"availability": 2}}}}, "['routes']['a']['availability'] is 2"),
        ({"SLO": {"routes": {"a": 0.9}}}, "['routes']['a'] is 0.9: it is a dictionary"),
        ({"SLO": {"routes": {3: {}}}}, "has the key 3"),
        ({"SLO": {"availability": math.nan}}, "['availability'] is nan"),
    ],
)
def test_a_wrong_wish_is_named_by_the_check_and_does_no_harm(given: object, said: str) -> None:
    with override_settings(TELEMETRY=given):
        (message,) = [one for one in check_values(None) if one.id == "telemetry.E002"]
        assert said in message.msg
        assert targets.of("api/") == targets.Target(0.5, 0.999, 0.5, 0.99)
