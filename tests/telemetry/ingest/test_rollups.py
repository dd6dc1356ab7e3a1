"""Metrics are added up once, at every resolution, from events of any process and order."""

import json
import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemetry.ingest.histogram import ZERO_INDEX, index
from telemetry.ingest.resolutions import RESOLUTIONS
from telemetry.journal import events
from telemetry.queries.series import query
from tests.telemetry.ingest.helpers import START, drain, emit, fallen, rows, unit

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])
BASE = 2 ** (1 / 32)


def series(name: str) -> dict[str, dict[str, str]]:
    """Number of a series → its labels."""
    found = rows(
        "SELECT s.id, s.labels FROM telemetry_series s JOIN telemetry_metric m"
        " ON m.id = s.metric_id WHERE m.name = ?",
        name,
    )
    return {str(key): json.loads(str(labels)) for key, labels in found}


def totals(name: str) -> dict[int, tuple[object, ...]]:
    """Resolution → (count, total, minimum, maximum) over everything."""
    found = rows(
        "SELECT resolution, sum(count), sum(total), min(minimum), max(maximum)"
        " FROM telemetry_bucket b JOIN telemetry_series s ON s.id = b.series_id"
        " JOIN telemetry_metric m ON m.id = s.metric_id WHERE m.name = ? GROUP BY resolution",
        name,
    )
    return {int(str(resolution)): rest for resolution, *rest in found}  # type: ignore[misc]


@given(st.floats(1e-9, 1e9))
def test_a_value_lies_in_its_bucket(value: float) -> None:
    idx = index(value)
    assert BASE ** (idx - 1) * (1 - 1e-12) < value <= BASE**idx * (1 + 1e-12)


@pytest.mark.parametrize("exponent", range(-30, 31))
def test_powers_of_two_are_upper_bounds(exponent: int) -> None:
    assert index(2.0**exponent) == 32 * exponent
    assert index(math.nextafter(2.0**exponent, math.inf)) == 32 * exponent + 1


@pytest.mark.parametrize("value", [0.0, -1.0, -0.0])
def test_zero_and_less_share_one_bucket(value: float) -> None:
    assert index(value) == ZERO_INDEX


def test_every_resolution_has_every_observation(data_dir: Path) -> None:
    for part in range(4):
        emit(
            *(
                unit(1 + number, start=START + (part * 50 + number) * 7_000_000)
                for number in range(50)
            )
        )
        drain()
    per_resolution = totals("http_server_requests_total")
    assert {level: count for level, (count, *_) in per_resolution.items()} == dict.fromkeys(
        RESOLUTIONS, 200
    )
    durations = totals("http_server_request_duration_seconds")
    assert all(durations[level] == pytest.approx(durations[10]) for level in RESOLUTIONS)
    assert durations[10][2:] == [0.001, 0.05]
    # How long each took, and how long its SQL.
    counted: Counter[int] = Counter()
    for (level, *_), counts in fallen("series_id > 0").items():
        counted[level] += sum(counts.values())
    assert counted == dict.fromkeys(RESOLUTIONS, 400)


def test_requests_count_by_method_route_and_status(data_dir: Path) -> None:
    emit(unit(1), unit(2, status=500, error_type="500"), unit(3, is_self=True), unit(4, kind=2))
    drain()
    labels = series("http_server_requests_total").values()
    assert sorted(found["status"] for found in labels) == ["201", "500"]
    assert all(found["route"] == "pay/" for found in labels)


def test_samples_of_requests_and_outside_add_up(data_dir: Path) -> None:
    sample: events.Sample = ("c", "paid_total", {"currency": "EUR"}, 2.0)
    emit(
        unit(1, metrics=[sample, sample]),
        events.SamplesMade(None, START, [sample]),
        events.MetricDeclared(START, "c", "paid_total", "", "Payments made."),
    )
    drain()
    assert totals("paid_total")[10][:2] == [3, 6.0]
    assert rows("SELECT help FROM telemetry_metric WHERE name = 'paid_total'") == [
        ("Payments made.",)
    ]
    # Only what was made outside a request has a row of its own.
    assert rows("SELECT count(*) FROM telemetry_sample") == [(1,)]


def test_sums_beyond_the_largest_float_refuse_nothing(data_dir: Path) -> None:
    def swing(value: float, after: int) -> events.SamplesMade:
        return events.SamplesMade(None, START + after, [("g", "swing", {}, value)] * 3)

    # Each in an interval of its own: together at the coarser levels.
    for value in (1e308, -1e308):
        emit(*(swing(sign * value, n * 10_000_000) for n, sign in enumerate((1, -1, 1, -1))))
        drain()
    assert rows("SELECT count(*) FROM telemetry_quarantine") == [(0,)]
    at = datetime.fromtimestamp(START / 1e6, UTC)
    whole = query("swing", start=at, end=at + timedelta(minutes=1), by=[], step=3600)
    assert math.isfinite(whole.series[0].points[0].total)
    counts = {level: found[0] for level, found in totals("swing").items()}
    assert counts == dict.fromkeys(RESOLUTIONS, 24)


def depth(value: float, after: int) -> events.SamplesMade:
    """A gauge that was set so many microseconds after the start."""
    return events.SamplesMade(None, START + after, [("g", "queue_depth", {}, value)])


def test_the_newest_value_of_a_gauge_stands(data_dir: Path) -> None:
    emit(depth(5, 2_000), depth(3, 1_000), depth(9, 0))
    drain()
    (number,) = series("queue_depth")
    query = "SELECT last, minimum, maximum FROM telemetry_bucket WHERE resolution = 10"
    assert rows(f"{query} AND series_id = ?", number) == [(5.0, 3.0, 9.0)]


@given(st.permutations(range(8)), st.integers(1, 8))
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_newest_value_of_a_gauge_stands_whichever_batch_it_comes_with(
    data_dir: Path, order: list[int], size: int
) -> None:
    rows("DELETE FROM telemetry_bucket")
    for first in range(0, 8, size):
        emit(*(depth(number, number * 1_000_003) for number in order[first : first + size]))
        drain()
    (number,) = series("queue_depth")
    found = rows(
        # The row of the newest bucket, by max().
        "SELECT resolution, max(start) * 1000000 + last_at - ?, last FROM telemetry_bucket"
        " WHERE series_id = ? GROUP BY resolution ORDER BY resolution",
        *(START, number),
    )
    assert found == [(resolution, 7 * 1_000_003, 7.0) for resolution in RESOLUTIONS]
