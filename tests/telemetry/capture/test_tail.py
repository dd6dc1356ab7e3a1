"""Which units keep their detail: failed, slow for their route, or sampled; and what they weigh."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from telemetry.capture import ids, tail
from telemetry.capture.tail import Recent
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured


@pytest.mark.parametrize(
    "duration",
    [
        lambda chance: chance.lognormvariate(10, 1),
        lambda chance: chance.uniform(1_000, 2_000),
        lambda chance: chance.choice([2_000, 200_000]) * chance.uniform(0.9, 1.1),
        lambda chance: chance.paretovariate(1.2) * 1_000,
    ],
    ids=["lognormal", "uniform", "two kinds", "heavy tail"],
)
def test_about_one_in_twenty_is_slow_for_its_route(
    duration: Callable[[random.Random], float],
) -> None:
    chance = random.Random(4)
    recent = Recent()
    slow = [recent.is_slow("a/", int(duration(chance))) for _ in range(20_000)]
    assert 0.03 < sum(slow) / len(slow) < 0.08


def test_what_is_slow_follows_the_routes_recent_past() -> None:
    chance = random.Random(5)
    recent = Recent()
    for _ in range(2_000):
        recent.is_slow("a/", int(chance.uniform(1_000, 2_000)))
    assert recent.is_slow("a/", 10_000)
    for _ in range(2_000):
        recent.is_slow("a/", int(chance.uniform(100_000, 200_000)))
    assert not recent.is_slow("a/", 10_000)


def test_the_first_units_of_a_route_are_no_tail_yet() -> None:
    recent = Recent()
    assert not any(recent.is_slow("a/", 1_000 * number) for number in range(1, 40))


def test_routes_do_not_fill_the_memory() -> None:
    recent = Recent()
    for number in range(10_000):
        recent.is_slow(f"r{number}/", 5)
    assert len(recent._routes) <= 2_000


def test_failed_and_slow_units_stand_for_themselves_and_sampled_ones_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tail, "recent", Recent())
    monkeypatch.setattr(ids, "chance", lambda: 0.0)
    with override_settings(TELEMETRY={"DETAIL_SAMPLE": 0.02, "SLOW_SECONDS": 1}):
        assert tail.weight("a/", 5, failed=True) == 1
        assert tail.weight("a/", 1_000_000, failed=False) == 1
        assert tail.weight("a/", 5, failed=False) == 50
        monkeypatch.setattr(ids, "chance", lambda: 0.02)
        assert tail.weight("a/", 5, failed=False) is None


def test_the_weights_of_what_is_kept_add_up_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "recent", Recent())
    chance = random.Random(6)
    monkeypatch.setattr(ids, "chance", chance.random)
    with override_settings(TELEMETRY={"DETAIL_SAMPLE": 0.1}):
        weights = [
            tail.weight("a/", int(chance.uniform(1_000, 2_000)), failed=False)
            for _ in range(20_000)
        ]
    assert sum(weight or 0 for weight in weights) == pytest.approx(20_000, rel=0.1)


@pytest.mark.django_db
def test_the_record_and_its_debug_records_carry_the_weight(
    visit: Callable[..., Any], telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    import logging

    monkeypatch.setattr(logging.getLogger("tests.site"), "level", logging.DEBUG)
    logging.getLogger("tests.site").manager._clear_cache()  # type: ignore[attr-defined]
    monkeypatch.setattr(ids, "chance", lambda: 0.0)
    with override_settings(TELEMETRY={"DETAIL_SAMPLE": 0.25}):
        visit("/talk/")
    (unit,) = telemetry_capture.requests
    assert unit.weight == 4
    assert {made.message: made.weight for made in telemetry_capture.logs} == {
        "a detail": 4, "paid ann": None, "plain": None,
    }  # fmt: skip


def test_a_unit_without_detail_has_no_weight(telemetry_capture: Captured) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    with override_settings(TELEMETRY={"DETAIL_SAMPLE": 0}):
        TelemetryMiddleware(view)(RequestFactory().get("/x/"))
    (unit,) = telemetry_capture.requests
    assert (unit.weight, unit.spans) == (None, None)
