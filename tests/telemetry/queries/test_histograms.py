"""What is told of packed histograms: the same with NumPy and without, and what counting tells."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from telemetry.ingest import packed
from telemetry.ingest.histogram import ZERO_INDEX
from telemetry.queries import histograms, vectors
from telemetry.queries.quantiles import quantile

numpy = histograms._numpy()
usual = st.dictionaries(st.integers(-400, 60), st.integers(1, 20_000), max_size=60)
odd = st.dictionaries(
    st.sampled_from([ZERO_INDEX, -34_368, -1, 0, 1, 32_768]), st.integers(1, 10**12), max_size=6
)
# Several of a kind: few and full, or many and nearly empty, take different ways.
many = st.one_of(
    st.lists(usual, max_size=6),
    st.lists(odd, max_size=6),
    st.lists(st.one_of(usual, odd), max_size=20),
    st.lists(st.dictionaries(st.integers(-40_000, 32_768), st.just(1), max_size=3), max_size=40),
)
shares = st.lists(
    st.sampled_from([0, 0.5, 0.95, 0.99, 1]) | st.floats(0, 1), max_size=4, unique=True
)


@contextmanager
def told_by(module: ModuleType | None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histograms, "_numpy", lambda: module)
        yield


def scattered(counts: dict[int, int]) -> bytes:
    """As batches leave it: some of each bucket, and the rest behind."""
    less = {idx: n // 3 for idx, n in counts.items() if n // 3}
    return packed.pack(less) + packed.pack({idx: n - n // 3 for idx, n in counts.items()})


@pytest.mark.parametrize("module", [numpy, None], ids=["numpy", "python"])
@given(many=many, shares=shares)
@examples(deadline=None)
def test_quantiles_are_those_of_each_histogram_and_of_all(
    module: ModuleType | None, many: list[dict[int, int]], shares: list[float]
) -> None:
    bags = [scattered(counts) for counts in many]
    expected = [[quantile(counts, q) for q in shares] for counts in many]
    whole: Counter[int] = Counter()
    for counts in many:
        whole.update(counts)
    with told_by(module):
        assert histograms.quantiles(bags, shares) == expected
        together = histograms.quantiles(bags, shares, together=True)
    assert together == [*expected, [quantile(whole, q) for q in shares]]


@pytest.mark.parametrize("module", [numpy, None], ids=["numpy", "python"])
@given(
    many=st.lists(st.tuples(usual, st.floats(0, 2), st.floats(0, 2)), min_size=1, max_size=6),
    shares=shares,
)
@examples(deadline=None)
def test_quantiles_lie_within_the_extremes_of_their_histogram(
    module: ModuleType | None, many: list[tuple[dict[int, int], float, float]], shares: list[float]
) -> None:
    within = [(min(ends), max(ends)) for _, *ends in many]
    with told_by(module):
        bags = [scattered(counts) for counts, *_ in many]
        bare = histograms.quantiles(bags, shares, together=True)
        told = histograms.quantiles(bags, shares, within=within, together=True)
    every = [*within, (min(low for low, _ in within), max(high for _, high in within))]
    assert told == [
        [None if value is None else min(max(value, low), high) for value in values]
        for values, (low, high) in zip(bare, every, strict=True)
    ]


@pytest.mark.parametrize("module", [numpy, None], ids=["numpy", "python"])
@given(many=many, bounds=st.lists(st.integers(-40_001, 32_769), max_size=4))
@examples(deadline=None)
def test_what_is_at_most_in_a_bucket_is_counted(
    module: ModuleType | None, many: list[dict[int, int]], bounds: list[int]
) -> None:
    own = [[bound + number for bound in bounds] for number in range(len(many))]
    with told_by(module):
        assert histograms.at_most([scattered(counts) for counts in many], own) == [
            [sum(n for idx, n in counts.items() if idx <= bound) for bound in wanted]
            for counts, wanted in zip(many, own, strict=True)
        ]


@pytest.mark.parametrize("module", [numpy, None], ids=["numpy", "python"])
@given(many=many, width=st.sampled_from([1, 8, 32]))
@examples(deadline=None)
def test_rows_add_up_buckets_that_lie_together(
    module: ModuleType | None, many: list[dict[int, int]], width: int
) -> None:
    with told_by(module):
        found = histograms.rows([scattered(counts) for counts in many], width)
    for counts, row in zip(many, found, strict=True):
        expected: Counter[int] = Counter()
        for idx, n in counts.items():
            expected[idx // width] += n
        assert row == expected
        assert list(row) == sorted(row)


def test_more_than_is_worked_on_at_a_time_is_told_whole() -> None:
    assert numpy is not None
    counts = {idx: idx + 1 for idx in range(2_000)}
    bags = [packed.pack(counts)] * 200
    assert sum(map(len, bags)) > 4 * vectors._CHUNK
    expected = [quantile(counts, 0.5)]
    assert histograms.quantiles(bags, [0.5], together=True) == [expected] * 201
    assert histograms.at_most(bags, [[9]] * 200) == [[sum(range(1, 11))]] * 200
    assert len(histograms.rows(bags, 8)) == 200
