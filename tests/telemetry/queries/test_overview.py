"""The overview's numbers against a plain count of what was observed."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ingest import histogram
from telemetry.queries.overview import overview
from telemetry.queries.quantiles import quantile
from tests.telemetry import factory

stored = pytest.mark.django_db(databases=["default", "telemetry"])
NOW = datetime(2026, 1, 31, 13, 37, 42, tzinfo=UTC)


@given(st.lists(st.floats(1e-6, 1e4), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_within_its_error_of_a_true_value(values: list[float], q: float) -> None:
    buckets: dict[int, int] = {}
    for value in values:
        idx = histogram.index(value)
        buckets[idx] = buckets.get(idx, 0) + 1
    rank = max(1, -int(-(q * len(values)) // 1))
    true = sorted(values)[rank - 1]
    told = quantile(buckets, q)
    assert told is not None
    assert abs(told - true) <= true * 0.0110


def test_no_observations_have_no_quantile() -> None:
    assert quantile({}, 0.5) is None
    assert quantile({histogram.ZERO_INDEX: 3}, 0.5) == 0.0


@stored
@pytest.mark.parametrize("hours", [0.25, 1, 6, 24])
def test_counts_are_those_of_the_range_alone(hours: float, settings: Any) -> None:
    # Buckets so fine are still there, however long ago NOW is.
    ages = {"buckets_10s": 36_500, "buckets_1m": 36_500}
    settings.TELEMETRY = settings.TELEMETRY | {"RETENTION": ages}
    start = NOW - timedelta(hours=hours)
    chance = random.Random(7)
    for _ in range(40):
        factory.served("api/", 0.1, start + (NOW - start) * chance.uniform(0.01, 0.99))
    for minutes in (3, 90):
        factory.served("api/", 0.1, start - timedelta(minutes=minutes))
        factory.served("api/", 0.1, NOW + timedelta(minutes=minutes))
    state = overview(start, NOW)
    assert state.requests == 40
    assert state.rate == pytest.approx(40 / hours / 3600)


@stored
def test_failures_are_5xx_alone_and_routes_stand_by_p95() -> None:
    at = NOW - timedelta(minutes=10)
    for status in (201, 201, 404, 429):
        factory.served("api/fast/", 0.010, at, status)
    factory.served("api/slow/", 3.0, at, 503, "GET")
    state = overview(NOW - timedelta(hours=1), NOW)
    assert (state.requests, state.errors, state.error_ratio) == (5, 1, 0.2)
    assert [(row.method, row.route) for row in state.slowest] == [
        ("GET", "api/slow/"),
        ("POST", "api/fast/"),
    ]
    assert state.slowest[0].error_ratio == 1
    assert state.slowest[1].errors == 0
    assert state.latency.maximum == 3.0
    assert state.latency.p50 == pytest.approx(0.010, rel=0.011)
    assert state.statuses == {"2xx": 2, "4xx": 2, "5xx": 1}
    assert sum(point.requests for point in state.points) == 5
    assert sum(point.errors for point in state.points) == 1


@stored
def test_requests_whose_process_died_are_failures_of_their_route_though_nobody_timed_them() -> None:
    at = NOW - timedelta(minutes=10)
    factory.served("api/fast/", 0.010, at)
    for _ in range(3):
        factory.observe(
            factory.series(
                "http_server_requests_total", "c", method="GET", route="api/heavy/", status="died"
            ),
            1,
            at,
        )
    factory.observe(
        factory.series(
            "http_server_requests_total", "c", method="GET", route="api/fast/", status="none"
        ),
        1,
        at,
    )
    state = overview(NOW - timedelta(hours=1), NOW)
    assert (state.requests, state.errors) == (5, 3)
    assert state.statuses == {"2xx": 1, "died": 3, "none": 1}
    (failing,) = state.failing
    assert (failing.route, failing.errors, failing.error_ratio) == ("api/heavy/", 3, 1)
    assert failing.latency.p95 is None
    assert sum(point.errors for point in state.points) == 3


@stored
def test_an_empty_range_has_zeros_and_no_percentiles() -> None:
    state = overview(NOW - timedelta(hours=1), NOW)
    assert (state.requests, state.rate, state.error_ratio) == (0, 0.0, 0.0)
    assert state.latency.p95 is None
    assert state.active is None
