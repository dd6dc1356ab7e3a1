"""Slices: what all series with one value of a label did, added up as it is written."""

import itertools
import sqlite3
from collections import Counter
from importlib import import_module

import pytest
from django.db import connections
from django.test import override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from telemetry.conf import settings
from telemetry.ingest import packed, slices
from telemetry.ingest.names import Names
from telemetry.ingest.resolutions import MERGED, RESOLUTIONS
from telemetry.ingest.rollup import Rollup
from tests.telemetry.ingest.helpers import START, rows, sums_alone

pytestmark = pytest.mark.django_db(databases=["telemetry"])
MIGRATION = import_module("telemetry.migrations.0008_slices")
Seen = tuple[str, dict[str, str], float]
# Few values and odd ones, two labels or, seldom, others.
texts = st.sampled_from(["a", "b", "c", "", "ü", "'"])
usual = st.fixed_dictionaries({"route": texts, "status": texts})
odd = st.one_of(usual, st.fixed_dictionaries({"route": texts}), st.just({}))
seen = st.tuples(
    st.sampled_from("ccch"), st.one_of(usual, usual, usual, odd), st.integers(0, 999).map(float)
)


def write(db: sqlite3.Connection, batches: list[list[Seen]]) -> None:
    """As ingest does it: a counter and a histogram, of the same labels now and then."""
    names = Names()
    for number, batch in enumerate(batches):
        rollup = Rollup()
        for kind, labels, value in batch:
            series = names.series(db, kind, f"seen_{kind}", labels)
            rollup.add(kind, series, START + number * 10**12, value)
        rollup.write(db)


def found(db: sqlite3.Connection) -> dict[tuple[str, str, str, int, int], tuple[object, ...]]:
    """The buckets of slices, by metric, label, value, resolution and start."""
    return {
        (name, label, value, *key): _told(sums, [histogram])
        for name, label, value, *key, sums, histogram in (
            (*row[:5], row[5:9], row[9])
            for row in db.execute(
                "SELECT m.name, s.label, s.value, b.resolution, b.start, b.count, b.total,"
                " b.minimum, b.maximum, b.histogram FROM telemetry_bucket b"
                " JOIN telemetry_slice s ON b.series_id = ? - s.id"
                " JOIN telemetry_metric m ON m.id = s.metric_id",
                (slices.key(0),),
            )
        )
    }


def expected(db: sqlite3.Connection) -> dict[tuple[str, str, str, int, int], tuple[object, ...]]:
    """What the buckets of the series themselves add up to, of the labels that have slices."""
    every = db.execute(
        "SELECT m.name, l.label, json_extract(s.labels, '$.' || l.label), b.resolution, b.start,"
        " sum(b.count), sum(b.total), min(b.minimum), max(b.maximum), group_concat(hex(histogram))"
        " FROM (SELECT DISTINCT metric_id, label FROM telemetry_slice WHERE value IS NOT NULL) l"
        " JOIN telemetry_metric m ON m.id = l.metric_id"
        " JOIN telemetry_series s ON s.metric_id = m.id"
        " JOIN telemetry_bucket b ON b.series_id = s.id"
        f" WHERE b.resolution >= {MERGED[0]} GROUP BY 1, 2, 3, 4, 5"
    ).fetchall()
    return {
        (*row[:5],): _told(row[5:9], map(bytes.fromhex, (row[9] or "").split(","))) for row in every
    }


def _told(sums: object, histograms: object) -> tuple[object, ...]:
    fallen: Counter[int] = Counter()
    for one in histograms:  # type: ignore[attr-defined]
        fallen.update(packed.unpack(one or b""))
    return sums, fallen


@given(st.lists(st.lists(seen, max_size=25), min_size=1, max_size=3))
@examples(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_slice_is_the_sum_of_its_series(batches: list[list[Seen]]) -> None:
    with sums_alone() as db:
        write(db, batches)
        assert found(db) == expected(db)


@given(st.lists(st.lists(seen, max_size=25), min_size=1, max_size=3))
@examples(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_store_without_gets_those_that_ingest_would_have_made(batches: list[list[Seen]]) -> None:
    kept = "SELECT metric_id, label, value FROM telemetry_slice ORDER BY 1, 2, 3"
    with sums_alone() as db:
        write(db, batches)
        before, labels = found(db), db.execute(kept).fetchall()
        MIGRATION.empty(db)
        assert found(db) == {}
        MIGRATION.fill(db)
        assert found(db) == before
        assert db.execute(kept).fetchall() == labels


def of_label(db: sqlite3.Connection, label: str) -> list[tuple[str | None]]:
    return db.execute(
        "SELECT value FROM telemetry_slice WHERE label = ? ORDER BY 1", (label,)
    ).fetchall()


def pairs(count: int) -> list[Seen]:
    return [("c", {"route": f"r{n:02}", "status": str(n % 2)}, 1.0) for n in range(count)]


def test_a_label_with_too_many_values_loses_its_slices_for_good() -> None:
    with sums_alone() as db:
        write(db, [pairs(slices.LIMIT)])
        assert len(of_label(db, "route")) == slices.LIMIT
        write(db, [pairs(slices.LIMIT + 1)])
        assert of_label(db, "route") == [(None,)]
        assert of_label(db, "status") == [("0",), ("1",)]
        write(db, [pairs(slices.LIMIT + 9)])
        assert of_label(db, "route") == [(None,)]
        assert found(db) == expected(db)
        assert {key[1] for key in found(db)} == {"status"}
        # Nor does anything of them stay.
        (left,) = db.execute(
            "SELECT count(DISTINCT series_id) FROM telemetry_bucket WHERE series_id <= ?",
            (slices.key(0),),
        ).fetchone()
        (members,) = db.execute(
            "SELECT count(DISTINCT slice_id) FROM telemetry_slicemember"
        ).fetchone()
        assert left == members == 2


def test_series_that_differ_in_their_labels_have_no_slices() -> None:
    with sums_alone() as db:
        write(db, [pairs(3), [("c", {"route": "r00"}, 1.0)], pairs(5)])
        assert of_label(db, "route") == of_label(db, "status") == [(None,)]
        assert found(db) == {}


def test_one_label_needs_none() -> None:
    with sums_alone() as db:
        write(db, [[("c", {"route": str(n)}, 1.0) for n in range(4)], [("h", {}, 1.0)]])
        assert rows_of(db) == 0


def test_a_gauge_has_none() -> None:
    with sums_alone() as db:
        write(db, [[("g", labels, 1.0) for _, labels, _ in pairs(4)]])
        assert rows_of(db) == 0


def test_what_was_a_gauge_before_has_none() -> None:
    with sums_alone() as db:
        Names().series(db, "g", "seen_c", {"route": "a", "status": "1"})
        Names().declare(db, "seen_c", "c", "", "")
        write(db, [pairs(4), pairs(6)])
        assert of_label(db, "route") == of_label(db, "status") == [(None,)]
        assert found(db) == {}


def test_what_was_a_gauge_for_a_while_has_none() -> None:
    with sums_alone() as db:
        write(db, [pairs(4)])
        Names().declare(db, "seen_c", "g", "", "")
        assert of_label(db, "route") == of_label(db, "status") == [(None,)]
        write(db, [pairs(5)])
        Names().declare(db, "seen_c", "c", "", "")
        write(db, [pairs(6)])
        assert of_label(db, "route") == of_label(db, "status") == [(None,)]
        assert found(db) == {}


def test_a_metric_that_is_declared_again_keeps_them() -> None:
    with sums_alone() as db:
        write(db, [pairs(4)])
        Names().declare(db, "seen_c", "c", "", "in other words")
        write(db, [pairs(4)])
        assert found(db) == expected(db) != {}


def rows_of(db: sqlite3.Connection) -> int:
    (count,) = db.execute("SELECT count(*) FROM telemetry_slice").fetchone()
    return int(count)


def test_what_overflowed_is_in_none() -> None:
    with override_settings(TELEMETRY={"METRIC_SERIES_MAX": 3}), sums_alone() as db:
        write(db, [pairs(9)])
        assert of_label(db, "route") == [("r00",), ("r01",), ("r02",)]
        counted = {key[2]: sums for key, (sums, _) in found(db).items() if key[1] == "route"}
        assert all(sums == (1, 1.0, 1.0, 1.0) for sums in counted.values())


def test_only_wide_intervals_have_them() -> None:
    with sums_alone() as db:
        write(db, [pairs(4)])
        assert {key[3] for key in found(db)} == set(MERGED) < set(RESOLUTIONS)


def test_names_given_out_in_a_batch_that_is_rolled_back_leave_none(own_store: object) -> None:
    connections[settings.DATABASE].ensure_connection()
    db = connections[settings.DATABASE].connection
    db.execute("BEGIN")
    write(db, [pairs(4)])
    db.execute("ROLLBACK")
    for table in ("slice", "slicemember", "bucket"):
        assert rows(f"SELECT count(*) FROM telemetry_{table}") == [(0,)]
    write(db, [pairs(4)])
    assert found(db) == expected(db) != {}


def test_slices_never_share_a_key_with_a_series_or_a_metric() -> None:
    keys = [slices.key(number) for number in (0, 1, 2**31)]
    assert keys == sorted(keys, reverse=True)
    assert all(key < -(2**31) for key in keys)
    assert all(one != two for one, two in itertools.combinations(keys, 2))
