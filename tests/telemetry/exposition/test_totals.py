"""Sums for good: each observation once, whatever order it came in and whatever is deleted."""

import random
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from unittest import mock

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ingest import rollup
from telemetry.ingest.histogram import ZERO_INDEX, index
from telemetry.ingest.totals import power
from telemetry.journal import events
from telemetry.queries import totals
from tests.telemetry.exposition.reading import page, samples, value
from tests.telemetry.ingest.helpers import START, drain, emit, rows

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])
NOW = datetime.fromtimestamp(START / 1e6, UTC)


def made(kind: str, number: float, after: float = 0, name: str = "made_total") -> events.Event:
    """A sample so many seconds after the start."""
    time = START + int(after * 1_000_000)
    return events.SamplesMade(None, time, [(kind, name, {"a": "b"}, number)])


@given(st.floats(1e-9, 1e9))
def test_a_power_bounds_the_values_of_its_buckets(seconds: float) -> None:
    exponent = power(index(seconds))
    assert 2.0 ** (exponent - 1) < seconds <= 2.0**exponent


def test_a_power_of_two_is_in_its_own_bucket() -> None:
    assert [power(index(2.0**exponent)) for exponent in range(-20, 20)] == list(range(-20, 20))
    assert power(ZERO_INDEX) < -60


def test_a_counter_adds_up_over_batches_processes_and_hours(data_dir: Path) -> None:
    for hour in range(3):
        emit(made("c", 2, hour * 3600), made("c", 0.5, hour * 3600 + 11))
        emit(made("c", 1, hour * 3600))
        drain()
    assert value("made_total", a="b") == 10.5
    assert (9, 10.5) in rows("SELECT count, total FROM telemetry_seriestotal")


def test_retention_takes_nothing_off_it(data_dir: Path) -> None:
    emit(*(made("h", 0.1 * number, number, "took_seconds") for number in range(30)))
    drain()
    before = page()
    rows("DELETE FROM telemetry_bucket")
    assert page() == before
    assert value("took_seconds_count", a="b") == 30


def test_a_batch_that_fails_adds_nothing(data_dir: Path) -> None:
    emit(made("c", 1))
    real = rollup.totals.add

    def fail_after(*args: object) -> None:
        real(*args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with mock.patch.object(rollup.totals, "add", fail_after), pytest.raises(KeyboardInterrupt):
        drain()
    assert samples(page()) == {}
    drain()
    assert value("made_total", a="b") == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_newest_value_of_a_gauge_stands_in_whatever_order_it_comes(
    data_dir: Path, seed: int
) -> None:
    settings_made = [made("g", number, number * 7_000, "depth") for number in range(6)]
    random.Random(seed).shuffle(settings_made)
    for one in settings_made:
        emit(one)
        drain()
    assert value("depth", a="b") == 5


def test_gauges_that_nobody_sets_any_more_are_left_out(data_dir: Path) -> None:
    emit(made("g", 1, 0, "old"), made("g", 2, 200, "new"), made("c", 1, 0))
    drain()
    later = NOW + timedelta(seconds=301)
    found = totals.families(timedelta(seconds=300), later)
    assert {family.name for family in found} & {"made_total", "old", "new"} == {"made_total", "new"}


def test_a_histogram_has_each_observation_once(data_dir: Path) -> None:
    numbers = [random.Random(5).lognormvariate(-3, 2) for _ in range(500)] + [0.0, -1.0, 2.0**-13]
    for part in range(0, len(numbers), 100):
        emit(*(made("h", number, part, "took_seconds") for number in numbers[part : part + 100]))
        drain()
    found = samples(page())
    for exponent in range(-13, 7):
        bound = 2.0**exponent
        line = found["took_seconds_bucket", (("a", "b"), ("le", _le(bound)))]
        assert line == sum(number <= bound for number in numbers), bound
    assert value("took_seconds_bucket", a="b", le="+Inf") == len(numbers)
    assert value("took_seconds_count", a="b") == len(numbers)
    assert value("took_seconds_sum", a="b") == pytest.approx(sum(numbers))


def _le(bound: float) -> str:
    return repr(bound)


def test_series_of_a_store_without_totals_are_filled_by_the_migration(data_dir: Path) -> None:
    migration = import_module("telemetry.migrations.0005_series_totals")
    for hour in range(3):
        emit(
            *(made("h", 0.01 * number, hour * 3600 + number, "took_seconds") for number in range(9))
        )
        emit(made("g", hour, hour * 3600, "depth"), made("c", 3, hour * 3600 + 30))
        drain()
    kept = _stored()
    rows("DELETE FROM telemetry_seriestotal")
    rows("DELETE FROM telemetry_histogramtotal")
    # As the store was then: histograms in rows of their own, and nothing of whole metrics.
    db = connections["telemetry"].connection
    later = import_module("telemetry.migrations.0007_packed_histograms")
    db.execute(later._CREATE_OLD)
    later.empty(db)
    db.executemany(later._PUT, later._unpacked(db.cursor().execute(later._PACKED)))
    # Finer buckets went, as they do.
    rows("DELETE FROM telemetry_bucket WHERE resolution = 10 AND start < ?", START // 1_000_000)
    rows("DELETE FROM telemetry_histogrambucket WHERE resolution < 3600")
    rows(migration._FILL)
    rows(migration._FILL_HISTOGRAM)
    rows("DROP TABLE telemetry_histogrambucket")
    filled = _stored()
    assert filled[1] == kept[1]
    for (series, *sums, _), (series_before, *sums_before, _) in zip(
        *(filled[0], kept[0]), strict=True
    ):
        assert (series, sums) == (series_before, pytest.approx(sums_before))


def _stored() -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    return (
        rows("SELECT * FROM telemetry_seriestotal ORDER BY 1"),
        rows("SELECT * FROM telemetry_histogramtotal ORDER BY 1, 2"),
    )
