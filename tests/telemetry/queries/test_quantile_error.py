"""Quantiles are within 1.09 % of the exact ones, whatever the values, however merged."""

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from django.db import connections
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from telemetry.conf import settings
from telemetry.ingest import packed
from telemetry.ingest.histogram import ZERO_INDEX, index
from telemetry.models import Bucket
from telemetry.queries import histograms
from telemetry.queries.buckets import Grid, sums
from telemetry.queries.quantiles import middle, quantile
from telemetry.queries.series import query
from tests.telemetry import factory

ERROR = Fraction(109, 10_000)
SMALLEST_NORMAL = 2.0**-1022
LARGEST = 1.7976931348623157e308


def _beside(value: float) -> st.SearchStrategy[float]:
    """A value and the floats next to it."""
    return st.sampled_from([math.nextafter(value, 0), value, math.nextafter(value, math.inf)])


powers = st.integers(-1021, 1022).map(lambda n: 2.0**n).flatmap(_beside)
# The bounds of buckets, as nearly as floats have them.
bounds = st.integers(-32_000, 32_000).map(lambda n: 2.0 ** (n / 32)).flatmap(_beside)
anything = st.floats(SMALLEST_NORMAL, LARGEST)
huge = st.floats(1e300, LARGEST)
tiny = st.floats(SMALLEST_NORMAL, 1e-300)
usual = st.floats(1e-6, 1e4)
# Pareto with no mean at all.
heavy = st.floats(1e-9, 1).map(lambda u: 0.001 / u**2)


@st.composite
def two_points(draw: st.DrawFn) -> list[float]:
    low, high = draw(anything), draw(anything)
    return [low] * draw(st.integers(0, 60)) + [high] * draw(st.integers(1, 60))


def many(values: st.SearchStrategy[float]) -> st.SearchStrategy[list[float]]:
    return st.lists(values, min_size=1, max_size=60)


distributions = st.one_of(
    many(powers), many(bounds), many(anything), many(huge), many(tiny), many(usual), many(heavy),
    many(st.one_of(tiny, usual, huge)), two_points(),
    st.tuples(bounds, st.integers(1, 60)).map(lambda found: [found[0]] * found[1]),
)  # fmt: skip


def exact(values: list[float], share: Fraction) -> float:
    """The quantile by nearest rank, without any rounding."""
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


def told(values: list[float], share: Fraction) -> float:
    found = quantile(Counter(map(index, values)), float(share))
    assert found is not None
    return found


@given(distributions, st.integers(0, 1_000))
@examples(max_examples=600, deadline=None)
def test_a_quantile_is_within_its_error_of_the_exact_one(values: list[float], part: int) -> None:
    share = Fraction(part, 1_000)
    true = Fraction(exact(values, share))
    assert abs(Fraction(told(values, share)) - true) <= ERROR * true


@given(many(usual), st.data())
def test_a_share_of_so_many_in_all_is_that_rank(values: list[float], data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, len(values)))
    share = Fraction(rank, len(values))
    assert told(values, share) == middle(index(sorted(values)[rank - 1]))


@given(st.floats(5e-324, SMALLEST_NORMAL))
@example(5e-324)
@example(55 * 5e-324)
def test_below_the_normal_floats_it_is_off_by_one_step_of_theirs_more(value: float) -> None:
    # Where floats are 2 % apart none lies nearer.
    error = abs(Fraction(middle(index(value))) - Fraction(value))
    assert error <= ERROR * Fraction(value) + Fraction(5e-324)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60), st.integers(0, 1_000))
def test_zero_and_less_are_told_as_zero_and_stand_before_all_others(
    values: list[float], part: int
) -> None:
    share = Fraction(part, 1_000)
    true = exact(values, share)
    if true <= 0:
        assert told(values, share) == 0
    else:
        assert told(values, share) == pytest.approx(true, rel=float(ERROR))


START = datetime.now(UTC).replace(microsecond=0, second=0) - timedelta(minutes=10)
fallen = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(0, 5),
        st.sampled_from([ZERO_INDEX, -34_368, -400, -1, 0, 1, 2, 40, 32_768]),
        st.integers(1, 10**12),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda cell: cell[:3],
)


@pytest.mark.django_db(databases=["telemetry"])
@given(fallen, st.lists(st.integers(0, 1_000), min_size=1, max_size=4, unique=True))
@examples(deadline=None, max_examples=60)
def test_merged_series_are_ranked_as_one(
    cells: list[tuple[int, int, int, int]], parts: list[int]
) -> None:
    first = int(START.timestamp())
    Bucket.objects.using(settings.DATABASE).all().delete()
    places = sorted({cell[:2] for cell in cells})
    Bucket.objects.using(settings.DATABASE).bulk_create(
        Bucket(
            resolution=10, series_id=number, start=first + 10 * step, count=1, total=1, minimum=1,
            maximum=1, last=1, histogram=packed.pack(
                {idx: n for *place, idx, n in cells if place == [number, step]}
            ),
        )
        for number, step in places
    )  # fmt: skip
    # Series 1 and 2 are one group, 3 another, 4 is not asked for; two buckets make a step.
    groups = {1: 0, 2: 0, 3: 1}
    expected: dict[tuple[int, int], Counter[int]] = {}
    for number, step, idx, n in cells:
        if number in groups:
            expected.setdefault((groups[number], step // 2), Counter())[idx] += n
    shares = [part / 1_000 for part in parts]
    grid = Grid(10, first, first + 60, 20)
    found = sums(groups, grid, histograms=True)
    told = histograms.quantiles([row[-1] or b"" for row in found], shares)
    assert {
        divmod(row[0], grid.steps): ranked for row, ranked in zip(found, told, strict=True)
    } == {
        place: [quantile(merged, share) for share in shares] for place, merged in expected.items()
    }


@pytest.mark.django_db(databases=["telemetry"])
@given(fallen, st.integers(0, 1_000))
@examples(deadline=None, max_examples=40)
def test_sql_tells_the_quantile_of_any_rows(
    cells: list[tuple[int, int, int, int]], part: int
) -> None:
    merged: Counter[int] = Counter()
    for *_, idx, n in cells:
        merged[idx] += n
    Bucket.objects.using(settings.DATABASE).all().delete()
    Bucket.objects.using(settings.DATABASE).bulk_create(
        Bucket(
            resolution=10, series_id=number, start=10 * step, count=n, total=1, minimum=1,
            maximum=1, last=1, histogram=packed.pack({idx: n}),
        )
        for step, (number, _, idx, n) in enumerate(cells)
    )  # fmt: skip
    with connections[settings.DATABASE].cursor() as cursor:
        cursor.execute(
            "SELECT histogram_quantile(CAST(group_concat(histogram, '') AS BLOB), %s),"
            " histogram_quantile(NULL, 0.5), histogram_quantile(x'', 0.5),"
            " histogram_quantile(histogram, 1.5), histogram_quantile(histogram, NULL)"
            " FROM telemetry_bucket",
            [part / 1_000],
        )
        told, *nothing = cursor.fetchone()
    assert told == quantile(merged, part / 1_000)
    assert nothing == [None] * 4


@pytest.mark.django_db(databases=["telemetry"])
@given(many(st.one_of(usual, bounds, st.just(0.0), st.just(-3.0))), st.integers(0, 1_000))
@examples(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_a_query_says_is_within_its_error_and_within_the_extremes(
    values: list[float], part: int
) -> None:
    Bucket.objects.using(settings.DATABASE).all().delete()
    one = factory.series("took_seconds", "h")
    for value in values:
        factory.observe(one, value, START)
    share = Fraction(part, 1_000)
    answer = query(
        "took_seconds", start=START, end=START + timedelta(minutes=5), quantiles=[float(share)]
    )
    found = answer.series[0].points[0].quantiles[float(share)]
    true = exact(values, share)
    assert min(values) <= found <= max(values)
    if true > 0:
        assert found == pytest.approx(true, rel=float(ERROR))
