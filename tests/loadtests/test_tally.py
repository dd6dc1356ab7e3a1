"""Figures of a result: exact counts, percentiles to three digits, the same however they come in."""

import random

import pytest

from loadtests.recorder import Collected, Recorder
from loadtests.report import build, series
from loadtests.tally import Tally, three_digits


def test_percentiles_are_nearest_rank() -> None:
    tally = Tally()
    for value in range(1, 101):
        tally.add(float(value), failed=False, answered=True)
    times = tally.response_times()
    assert times == {"min": 1, "avg": 50.5, "p50": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}


def test_rounding_keeps_a_percentile_within_half_a_percent_and_the_range() -> None:
    rng = random.Random(1)
    values = [rng.lognormvariate(3, 1.5) for _ in range(5_000)]
    tally = Tally()
    for value in values:
        tally.add(value, failed=False, answered=True)
    exact = sorted(values)[int(0.95 * len(values)) - 1]
    assert tally.percentile(95) == pytest.approx(exact, rel=0.005)
    assert (tally.percentile(100) or 0) <= max(values)
    assert len(tally.times) < 2_500


@pytest.mark.parametrize(
    ("value", "rounded"), [(0, 0), (0.012345, 0.0123), (9.876, 9.88), (12345.6, 12300)]
)
def test_three_digits(value: float, rounded: float) -> None:
    assert three_digits(value) == rounded


def test_nothing_measured_is_nothing_and_not_zero() -> None:
    assert set(Tally().response_times().values()) == {None}
    assert Tally().summary(0)["error_rate"] == 0


def record(recorder: Recorder, values: list[float]) -> None:
    for value in values:
        recorder.began()
        error = ConnectionError("refused") if value > 90 else None
        recorder.ended(("GET", "/a/"), value, error, answered=error is None, users=3)


def test_two_processes_add_up_to_what_one_would_have_seen() -> None:
    values = [float(value) for value in range(1, 101)]
    alone, master, worker = Recorder("r"), Recorder("r"), Recorder("r")
    record(alone, values)
    for part in (values[:30], values[30:]):
        record(worker, part)
        master.merge(Collected.load(worker.drain().dump()))
    expected = build(alone, alone.started + 10, {})
    found = build(master, master.started + 10, {})
    for section in ("sent", "unfinished", "total", "endpoints", "errors"):
        assert found[section] == expected[section]
    assert found["total"]["failures"] == found["total"]["unanswered"] == 10
    assert found["errors"] == [
        {"method": "GET", "name": "/a/", "error": "ConnectionError: refused", "count": 10}
    ]


def test_requests_that_never_ended_are_told() -> None:
    recorder = Recorder("r")
    record(recorder, [1.0])
    recorder.began()
    assert build(recorder, recorder.started + 1, {})["unfinished"] == 1


def test_many_different_errors_do_not_make_a_large_file() -> None:
    recorder = Recorder("r")
    for number in range(1_000):
        recorder.ended(("GET", "/"), 1, ValueError(str(number)), answered=True, users=1)
    errors = build(recorder, recorder.started + 1, {})["errors"]
    assert len(errors) == 101
    assert sum(row["count"] for row in errors) == 1_000


@pytest.mark.parametrize(("duration", "step"), [(60, 1), (600, 1), (3_600, 10), (86_400, 145)])
def test_a_longer_run_has_longer_steps(duration: int, step: int) -> None:
    assert series(Collected(), duration)["step"] == step
