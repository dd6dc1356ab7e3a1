"""Each level, 10 s to 30 days, holds the same observations; read twice a segment adds nothing."""

import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connections
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from telemetry.conf import settings
from telemetry.ingest.rollup import RESOLUTIONS, Rollup
from tests.telemetry.ingest.helpers import START, drain, emit, replace_store, rows, unit

# The tables that roll-ups and totals are added to.
SUMS = "name LIKE 'telemetry%bucket' OR name LIKE 'telemetry%total'"
pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])

Bucket = tuple[int, int, float, float, float]
observations = st.tuples(
    st.sampled_from("cgh"),
    # Within some hours, days or months, so that every level has several buckets.
    st.sampled_from((3 * 3_600, 3 * 86_400, 90 * 86_400)).flatmap(
        lambda seconds: st.integers(START, START + seconds * 1_000_000)
    ),
    st.integers(-(10**6), 10**6).map(lambda n: n / 64),
)


@pytest.fixture
def schema() -> str:
    """The store's own statements that make its bucket tables."""
    made = rows(f"SELECT sql FROM sqlite_master WHERE {SUMS}")
    return ";".join(str(sql) for (sql,) in made)


@pytest.fixture
def empty(schema: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(schema)
        yield db


def buckets(db: sqlite3.Connection, resolution: int, wider: int) -> list[Bucket]:
    """The sums of a level, its buckets put together into wider ones."""
    return db.execute(
        "SELECT series_id, start / ? * ? AS at, sum(count), sum(total), min(minimum), max(maximum)"
        " FROM telemetry_bucket WHERE resolution = ? GROUP BY series_id, at ORDER BY 1, 2",
        (wider, wider, resolution),
    ).fetchall()


def histograms(db: sqlite3.Connection, resolution: int, wider: int) -> list[tuple[int, ...]]:
    return db.execute(
        "SELECT series_id, start / ? * ? AS at, idx, sum(n) FROM telemetry_histogrambucket"
        " WHERE resolution = ? GROUP BY series_id, at, idx ORDER BY 1, 2, 3",
        (wider, wider, resolution),
    ).fetchall()


@given(batches=st.lists(st.lists(observations, max_size=30), min_size=1, max_size=4))
@examples(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sums_of_a_level_are_those_of_the_finer_ones(
    empty: sqlite3.Connection, batches: list[list[tuple[str, int, float]]]
) -> None:
    empty.executescript("DELETE FROM telemetry_bucket; DELETE FROM telemetry_histogrambucket")
    for batch in batches:
        rollup = Rollup()
        for kind, at, value in batch:
            rollup.add(kind, "cgh".index(kind), at, value)
        rollup.write(empty)
    assert sum(bucket[2] for bucket in buckets(empty, 10, 10)) == sum(map(len, batches))
    for finer, coarser in itertools.combinations(RESOLUTIONS, 2):
        # Of values that floats add up without rounding: equal, not nearly so.
        assert buckets(empty, finer, coarser) == buckets(empty, coarser, coarser)
        assert histograms(empty, finer, coarser) == histograms(empty, coarser, coarser)


def everything() -> tuple[list[tuple[object, ...]], ...]:
    """Both tables of buckets, but for what ingest itself has looked at."""
    own = "series_id NOT IN (SELECT s.id FROM telemetry_series s JOIN telemetry_metric m"
    own += " ON m.id = s.metric_id WHERE m.type = 'g')"
    tables = ("telemetry_bucket", "telemetry_histogrambucket")
    return tuple(rows(f"SELECT * FROM {table} WHERE {own} ORDER BY 1, 2, 3, 4") for table in tables)


def emitted() -> None:
    emit(*(unit(n, start=START + n * 700_000, metrics=[("h", "paid", {}, n / 8)])
           for n in range(1, 60)))  # fmt: skip


def test_a_segment_that_is_read_again_after_a_crash_adds_nothing(data_dir: Path) -> None:
    emitted()
    kept = data_dir / "kept"
    shutil.copytree(data_dir / "journal", kept)
    drain()
    before = everything()
    assert {len(table) for table in before} != {0}
    # As after a crash between the commit and the file's removal.
    for segment in kept.glob("*.seg"):
        shutil.copy(segment, data_dir / "journal")
    drain()
    assert everything() == before


def test_a_restored_store_has_the_same_buckets_after_reading_again(
    own_store: Path, data_dir: Path
) -> None:
    emitted()
    drain()
    before = everything()
    connection = connections[settings.DATABASE]
    backup = data_dir / "backup.sqlite3"
    with closing(sqlite3.connect(backup)) as copy:
        connection.connection.backup(copy)
    emitted()
    drain()
    twice = everything()
    assert twice != before
    connection.close()
    replace_store(backup)
    assert everything() == before
    drain()
    assert everything() == twice
