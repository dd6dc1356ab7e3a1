"""Each level, 10 s to 30 days, holds the same observations; read twice a segment adds nothing."""

import itertools
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connections
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from telemetry.conf import settings
from telemetry.ingest import packed, slices
from telemetry.ingest.resolutions import RESOLUTIONS, WHOLE
from telemetry.ingest.rollup import Rollup
from telemetry.journal import events
from tests.telemetry.ingest.helpers import (
    START,
    drain,
    emit,
    replace_store,
    rows,
    sums_alone,
    unit,
)

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
def empty() -> Iterator[sqlite3.Connection]:
    with sums_alone() as db:
        for number, kind in enumerate("cgh", 1):
            metric = (number, kind, kind, "", "")
            db.execute("INSERT INTO telemetry_metric (id, name, type, unit, help)"
                       " VALUES (?, ?, ?, ?, ?)", metric)  # fmt: skip
            db.executemany(
                "INSERT INTO telemetry_series (id, metric_id, labels) VALUES (?, ?, ?)",
                [(10 * number + label, number, str(label)) for label in range(3)],
            )
        yield db


def written(db: sqlite3.Connection, batches: list[list[tuple[str, int, float]]]) -> None:
    """Only what these batches add: three series of a counter, of a gauge and of a histogram."""
    db.executescript("DELETE FROM telemetry_bucket; DELETE FROM telemetry_seriestotal")
    for batch in batches:
        rollup = Rollup()
        for turn, (kind, at, value) in enumerate(batch):
            rollup.add(kind, 10 * (1 + "cgh".index(kind)) + turn % 3, at, value)
        rollup.write(db)


def buckets(
    db: sqlite3.Connection, resolution: int, wider: int, where: str = "series_id > 0"
) -> list[Bucket]:
    """The sums of a level, its buckets put together into wider ones."""
    return db.execute(
        "SELECT series_id, start / ? * ? AS at, sum(count), sum(total), min(minimum), max(maximum)"
        f" FROM telemetry_bucket WHERE resolution = ? AND {where} GROUP BY series_id, at"
        " ORDER BY 1, 2",
        (wider, wider, resolution),
    ).fetchall()


def histograms(
    db: sqlite3.Connection, resolution: int, wider: int, where: str = "series_id > 0"
) -> dict[tuple[int, int], Counter[int]]:
    found: defaultdict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for series, start, words in db.execute(
        "SELECT series_id, start, histogram FROM telemetry_bucket WHERE resolution = ?"
        f" AND histogram IS NOT NULL AND {where}",
        (resolution,),
    ):
        found[series, start // wider * wider].update(packed.unpack(words))
    return found


@given(batches=st.lists(st.lists(observations, max_size=30), min_size=1, max_size=4))
@examples(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sums_of_a_level_are_those_of_the_finer_ones(
    empty: sqlite3.Connection, batches: list[list[tuple[str, int, float]]]
) -> None:
    written(empty, batches)
    assert sum(bucket[2] for bucket in buckets(empty, 10, 10)) == sum(map(len, batches))
    for finer, coarser in itertools.combinations(RESOLUTIONS, 2):
        # Of values that floats add up without rounding: equal, not nearly so.
        assert buckets(empty, finer, coarser) == buckets(empty, coarser, coarser)
        assert histograms(empty, finer, coarser) == histograms(empty, coarser, coarser)


@given(batches=st.lists(st.lists(observations, max_size=30), min_size=1, max_size=4))
@examples(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_whole_of_a_metric_is_the_sum_of_its_series(
    empty: sqlite3.Connection, batches: list[list[tuple[str, int, float]]]
) -> None:
    written(empty, batches)
    for level in RESOLUTIONS:
        wholes = buckets(empty, level, level, "series_id < 0")
        added = empty.execute(
            "SELECT -(series_id / 10), start, sum(count), sum(total), min(minimum), max(maximum)"
            " FROM telemetry_bucket WHERE resolution = ? AND series_id > 0 AND series_id / 10 <> 2"
            " GROUP BY series_id / 10, start ORDER BY 1, 2",
            (level,),
        ).fetchall()
        assert wholes == (added if level >= WHOLE else [])
        fallen: defaultdict[tuple[int, int], Counter[int]] = defaultdict(Counter)
        for (series, start), counts in histograms(empty, level, level).items():
            fallen[-(series // 10), start].update(counts)
        assert histograms(empty, level, level, "series_id < 0") == (
            fallen if level >= WHOLE else {}
        )
    # Each observation once, whatever it is in beside.
    kept = empty.execute("SELECT sum(count) FROM telemetry_seriestotal WHERE series_id < 0")
    assert kept.fetchone() == (None,)


def everything() -> dict[tuple[object, ...], tuple[object, ...]]:
    """The buckets, but for what ingest itself has looked at."""
    own = "series_id NOT IN (SELECT s.id FROM telemetry_series s JOIN telemetry_metric m"
    own += " ON m.id = s.metric_id WHERE m.type = 'g')"
    found = rows(f"SELECT * FROM telemetry_bucket WHERE {own} ORDER BY 1, 2, 3")
    # A slice's number is another in a store that was made anew.
    named = {slices.key(number): of for number, *of in rows("SELECT * FROM telemetry_slice")}
    return {
        (row[0], *named.get(row[1], row[1:2]), row[2]): (
            *row[3:-1],
            None if row[-1] is None else packed.unpack(row[-1]),
        )  # type: ignore[arg-type]
        for row in found
    }


def _paid(number: int) -> events.Sample:
    return ("h", "paid", {"to": str(number % 3), "via": str(number % 4)}, number / 8)


def test_an_older_store_gets_what_ingest_would_have_written(data_dir: Path) -> None:
    wholes = import_module("telemetry.migrations.0007_packed_histograms")
    partly = import_module("telemetry.migrations.0008_slices")
    for day in (0, 0, 1, 40):
        at = START + day * 86_400 * 1_000_000
        emit(*(unit(n, start=at + n * 700_000_000, metrics=[_paid(n)]) for n in range(1, 60)))
        alone: list[events.Sample] = [("g", "depth", {}, day), ("c", "seen_total", {}, 0.5)]
        emit(events.SamplesMade(None, at, alone))
        drain()
    before = everything()
    gauges = rows("SELECT * FROM telemetry_bucket WHERE last_at > 0 ORDER BY 1, 2, 3")
    assert {row[0] for row in gauges} >= {3_600, 21_600, 86_400, 2_592_000}
    db = connections[settings.DATABASE].connection
    assert any("via" in key for key in before)
    partly.empty(db)
    wholes.empty(db)
    assert len(everything()) < len(before)
    wholes.fill(db)
    partly.fill(db)
    filled = everything()
    assert filled.keys() == before.keys()
    for key, (count, total, low, high, _, _, fell) in before.items():
        found = filled[key]
        assert (found[0], found[2:4], found[-1]) == (count, (low, high), fell)
        assert found[1] == pytest.approx(total)
    assert rows("SELECT * FROM telemetry_bucket WHERE last_at > 0 ORDER BY 1, 2, 3") == gauges


def emitted() -> None:
    emit(*(unit(n, start=START + n * 700_000, metrics=[("h", "paid", {}, n / 8)])
           for n in range(1, 60)))  # fmt: skip


def test_a_segment_that_is_read_again_after_a_crash_adds_nothing(data_dir: Path) -> None:
    emitted()
    kept = data_dir / "kept"
    shutil.copytree(data_dir / "journal", kept)
    drain()
    before = everything()
    assert before
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
