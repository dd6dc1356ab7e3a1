"""Which buckets a range is read from: each moment once, coarse ones inside, fine ones at edges."""

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ingest import packed
from telemetry.queries import buckets, levels
from telemetry.queries.buckets import Grid
from telemetry.queries.levels import DAY, HOUR, LEVELS, MINUTE, MONTH, Part
from tests.telemetry import factory

NOW = datetime.now(UTC)
longest = st.sampled_from((HOUR, DAY, 40 * DAY, 800 * DAY))
spans = longest.flatmap(lambda most: st.integers(60, most))


def check(parts: Sequence[Part]) -> None:
    """Disjoint, ordered, without gaps, of whole buckets."""
    assert all(one.high == two.low for one, two in itertools.pairwise(parts))
    assert all(part.low < part.high for part in parts)
    assert all(part.low % part.resolution == part.high % part.resolution == 0 for part in parts)


@given(spans, st.integers(-MONTH, 40 * DAY))
def test_parts_cover_the_range_without_gap_or_overlap(span: int, shift: int) -> None:
    now = datetime.now(UTC)
    end = now - timedelta(seconds=shift)
    start = end - timedelta(seconds=span)
    found = levels.parts(start, end)
    check(found)
    low, high = start.timestamp(), end.timestamp()
    left = min(HOUR, levels.finest_held(int(low)))
    fine = max(left, 10 if span <= 2 * HOUR else 60 if span <= 48 * HOUR else HOUR)
    assert low - fine < found[0].low <= low
    assert found[-1].high > high
    # What lies after now is nothing; else the end is exact to a minute, or as retention leaves it.
    assert found[-1].high <= high + max(60, left) + 1 or high > now.timestamp() - max(60, left) - 1
    # As coarse as can be: no level has so many that a coarser bucket would fit in between.
    for part in found:
        coarser = next((size for size in LEVELS if size > part.resolution), None)
        assert coarser is None or part.high - part.low < 2 * coarser


@pytest.mark.parametrize(("days", "most"), [(7, 32), (30, 54), (365, 66)])
def test_a_long_range_is_a_few_buckets_a_series(days: int, most: int) -> None:
    now = datetime.now(UTC)
    found = levels.parts(now - timedelta(days=days), now)
    count = sum((part.high - part.low) // part.resolution for part in found)
    assert count <= most


@given(
    st.sampled_from([10, 60, HOUR, DAY]),
    st.integers(1, 900),
    st.integers(1, 60),
    st.integers(0, 400),
)
def test_parts_of_steps_cover_each_step_with_whole_buckets(
    level: int, length: int, width: int, shift: int
) -> None:
    first = (int(NOW.timestamp()) // level - shift - length) * level
    stop, step = first + length * level, width * level
    found = levels.parts_of_steps(level, first, stop, step)
    check(found)
    assert (found[0].low, found[-1].high) == (first, stop)
    for part in found:
        size = part.resolution
        # No bucket lies in two steps.
        starts = range(part.low, part.high, size)
        assert size == level or all((at - first) % step + size <= step for at in starts)


def test_days_that_are_gone_are_read_from_hours() -> None:
    now = datetime.now(UTC)
    gone = {"buckets_6h": 10, "buckets_1d": 10, "buckets_30d": 10}
    with override_settings(TELEMETRY={"RETENTION": gone}):
        assert {part.resolution for part in levels.parts(now - timedelta(days=20), now)} == {HOUR}
        assert levels.parts_of_steps(HOUR, 0, 10 * DAY, 5 * DAY) == [Part(HOUR, 0, 10 * DAY)]


@pytest.mark.django_db(databases=["default", "telemetry"])
def test_steps_add_up_the_same_whichever_buckets_they_are_read_from() -> None:
    chance = random.Random(3)
    stop = int(NOW.timestamp()) // HOUR * HOUR
    first = stop - 95 * DAY - 5 * HOUR
    one = factory.series("took_seconds", "h", route="a")
    gauge = factory.series("depth", "g")
    for at in sorted(chance.randrange(first - DAY, stop + HOUR) for _ in range(150)):
        factory.observe(one, chance.lognormvariate(-3, 1), datetime.fromtimestamp(at, UTC))
        factory.observe(gauge, at % 97, datetime.fromtimestamp(at, UTC))
    for step in (36 * HOUR, 50 * DAY + HOUR, stop - first):
        mixed, hours = Grid(HOUR, first, stop, step), _Hours(HOUR, first, stop, step)
        assert len(mixed.parts()) > len(hours.parts())
        for found, plain in zip(
            buckets.sums({one.id: 0}, mixed, histograms=True),
            buckets.sums({one.id: 0}, hours, histograms=True),
            strict=True,
        ):
            *sums, fallen = found
            *plainly, fell = plain
            assert sums == pytest.approx(plainly)
            assert packed.unpack(fallen or b"") == packed.unpack(fell or b"") != {}
        assert buckets.last({gauge.id: 0}, mixed) == buckets.last({gauge.id: 0}, hours)


class _Hours(Grid):
    """Read from hours alone."""

    def parts(self) -> list[Part]:
        return [Part(self.level, self.first, self.stop)]


@pytest.mark.parametrize(
    ("days_ago", "finest"), [(0.5, 10), (3, MINUTE), (29, MINUTE), (31, HOUR), (2_000, HOUR)]
)
def test_edges_are_of_a_level_that_retention_has_left(days_ago: float, finest: int) -> None:
    start = NOW - timedelta(days=days_ago, seconds=17)
    found = levels.parts(start, start + timedelta(minutes=90))
    assert min(part.resolution for part in found) == finest
    assert found[0].low <= start.timestamp()
