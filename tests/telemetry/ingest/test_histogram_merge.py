"""Histograms merge by addition: in any order and grouping nothing is lost; zeros have a place."""

import math
import sqlite3
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from telemetry.ingest import packed
from telemetry.ingest.histogram import ZERO_INDEX, index
from telemetry.ingest.rollup import Rollup
from tests.telemetry.ingest.helpers import START, sums_alone

pytestmark = pytest.mark.django_db(databases=["telemetry"])
values = st.lists(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from([0.0, -0.0, -1.0, 5e-324, math.ulp(0) * 3, 1.0, 1.7976931348623157e308]),
    ),
    max_size=40,
)


@pytest.fixture
def store() -> Iterator[sqlite3.Connection]:
    with sums_alone() as db:
        yield db


def merged(db: sqlite3.Connection, batches: list[list[float]]) -> dict[int, int]:
    """The histogram that the store has after these batches, each its own transaction."""
    db.execute("DELETE FROM telemetry_bucket")
    for batch in batches:
        rollup = Rollup()
        for value in batch:
            rollup.add("h", 1, START, value)
        rollup.write(db)
    found = db.execute("SELECT histogram FROM telemetry_bucket WHERE resolution = 3600").fetchone()
    return {} if found is None else packed.unpack(found[0])


@given(a=values, b=values, c=values)
@examples(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_merge_is_associative_commutative_and_lossless(
    store: sqlite3.Connection, a: list[float], b: list[float], c: list[float]
) -> None:
    whole = merged(store, [a + b + c])
    assert whole == Counter(index(value) for value in a + b + c)
    for batches in ([a, b, c], [a + b, c], [a, b + c], [c, b, a], [c + a, b]):
        assert merged(store, batches) == whole


def test_a_histogram_that_many_batches_add_to_stays_as_short_as_its_buckets(
    store: sqlite3.Connection,
) -> None:
    numbers = [1.01**power for power in range(300)]
    # In each batch all of them, in another order.
    whole = merged(store, [numbers[part:] + numbers[:part] for part in range(100)])
    assert whole == {idx: 100 * n for idx, n in Counter(map(index, numbers)).items()}
    (longest,) = store.execute("SELECT max(length(histogram)) FROM telemetry_bucket").fetchone()
    assert longest <= 2 * packed.WORD * len(whole)


counts = st.dictionaries(
    st.integers(ZERO_INDEX, 32_768),
    st.one_of(st.integers(1, 2**54), st.sampled_from([8_191, 8_192, 8_193, 2**26, 2**52])),
    max_size=30,
)


@given(a=counts, b=counts)
def test_packed_histograms_are_what_they_were_and_merge_by_standing_behind_each_other(
    a: dict[int, int], b: dict[int, int]
) -> None:
    assert packed.unpack(packed.pack(a)) == a
    assert list(packed.unpack(packed.pack(a))) == sorted(a)
    together = Counter(a) + Counter(b)
    assert packed.unpack(packed.pack(a) + packed.pack(b)) == together
    assert packed.merged(packed.pack(a), packed.pack(b)) == packed.merged(packed.pack(together))
    assert packed.merged(packed.pack(a), None) is None


@given(st.floats(min_value=0, exclude_min=True, allow_nan=False, allow_infinity=False))
def test_indexes_are_those_of_prometheus_schema_5_and_of_otel_scale_5_less_one(
    value: float,
) -> None:
    idx, exact = index(value), Fraction(value) ** 32
    # Prometheus: bucket i is (b^(i-1), b^i]. OpenTelemetry: bucket i is (b^i, b^(i+1)].
    prometheus, otel = idx, idx - 1
    assert Fraction(2) ** (prometheus - 1) < exact <= Fraction(2) ** prometheus
    assert Fraction(2) ** otel < exact <= Fraction(2) ** (otel + 1)
    # Half the resolution, as both downscale: no observation changes its side of a bound.
    assert Fraction(2) ** (2 * (otel >> 1)) < exact <= Fraction(2) ** (2 * ((otel >> 1) + 1))


def test_zero_and_less_have_a_bucket_below_the_smallest_float() -> None:
    assert index(0.0) == index(-0.0) == index(-1e300) == ZERO_INDEX
    assert ZERO_INDEX < index(5e-324) == -34_368
    assert index(1.7976931348623157e308) == 32_768
