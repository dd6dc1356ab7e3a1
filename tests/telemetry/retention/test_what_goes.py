"""What is older than its age goes, oldest first, in small transactions; the rest stays."""

import time
from pathlib import Path

import pytest
from django.test import override_settings

from telemetry import checks
from telemetry.ingest.connection import Store
from telemetry.ingest.resolutions import RESOLUTIONS
from telemetry.retention import ages, prune_now, tables
from telemetry.retention.prune import preview_now, prune
from telemetry.retention.sweep import Sweep
from tests.telemetry.retention.helpers import (
    DAY,
    add_logs,
    add_occurrence,
    count,
    key,
    statements,
    store,
)

pytestmark = pytest.mark.django_db(databases=["telemetry"], transaction=True)


def test_old_rows_go_oldest_first_in_batches_of_500(data_dir: Path) -> None:
    add_logs(1200, days=20)
    add_logs(3, days=1)
    sweep = Sweep(Store())
    before = [row[0] for row in store().execute("SELECT id FROM telemetry_log ORDER BY id")]
    with statements() as seen:
        for _ in sweep.steps():
            left = [row[0] for row in store().execute("SELECT id FROM telemetry_log ORDER BY id")]
            assert left == before[len(before) - len(left) :]
    deletes = [text for text in seen if text.startswith("DELETE FROM telemetry_log")]
    assert len(deletes) >= 3
    begins = [i for i, text in enumerate(seen) if text.startswith("BEGIN")]
    assert len(begins) > len(deletes)
    assert sweep.gone["logs"] == 1200
    assert count("log") == 3


def test_a_batch_is_at_most_500_rows(data_dir: Path) -> None:
    add_logs(1200, days=20)
    add_logs(1, days=1)
    sweep = Sweep(Store())
    last = 0
    for _ in sweep.steps():
        assert sweep.gone["logs"] - last <= 500
        last = sweep.gone["logs"]
    assert last == 1200


def test_the_dry_run_counts_exactly_and_deletes_nothing(data_dir: Path) -> None:
    add_logs(700, days=20)
    add_logs(2, days=1)
    add_occurrence(1, days=100)
    found, excess = preview_now()
    rows = {each.kind: each.rows for each in found}
    assert rows["logs"] == 700
    assert rows["errors"] == 1
    assert excess == 0
    assert count("log") == 702
    assert prune().gone["logs"] == 700


def test_pruning_again_finds_nothing(data_dir: Path) -> None:
    add_logs(10, days=20)
    add_logs(1, days=0)
    assert "10 logs" in prune_now()
    assert prune_now() == "Nothing is too old."


def test_an_error_group_goes_with_its_last_occurrence_only(data_dir: Path) -> None:
    add_occurrence(1, days=100)
    add_occurrence(1, days=1)
    add_occurrence(2, days=100)
    prune()
    assert store().execute("SELECT id FROM telemetry_error").fetchall() == [(1,)]
    assert count("occurrence") == 1


def test_a_clock_that_jumps_ahead_deletes_nothing_early(data_dir: Path) -> None:
    add_logs(5, days=12)
    add_logs(1, days=0)
    in_a_year = time.time_ns() // 1000 + 365 * DAY
    assert ages.cut_offs(store(), in_a_year)["logs"].key < key(12)
    prune()
    assert count("log") == 6


def test_buckets_go_by_resolution(data_dir: Path) -> None:
    add_logs(1, days=0)
    old = int(time.time()) - 3 * 86_400
    store().execute(
        "INSERT INTO telemetry_metric (id, name, type, unit, help) VALUES (1,'m','h','','')"
    )
    store().execute("INSERT INTO telemetry_series (id, metric_id, labels) VALUES (7, 1, '{}')")
    for resolution in RESOLUTIONS:
        # More than one deletes at a time.
        rows = 601 if resolution == 10 else 1
        store().executemany(
            "INSERT INTO telemetry_bucket VALUES (?, 7, ?, 1, 1, 1, 1, 1, 0, x'00')",
            [(resolution, old - resolution * n) for n in range(rows)],
        )
    assert {each.kind: each.rows for each in preview_now()[0]}["buckets_10s"] == 601
    assert prune().gone["buckets_10s"] == 601
    left = store().execute("SELECT resolution FROM telemetry_bucket WHERE series_id = 7").fetchall()
    assert left == [(level,) for level in RESOLUTIONS[1:]]


# Of a series, and of all series of a metric together.
@pytest.mark.parametrize("series", [7, -1])
@pytest.mark.parametrize(
    ("resolution", "days"),
    [(10, 2), (60, 30), (3600, 400), (21_600, 400), (86_400, 800), (2_592_000, 1_600)],
)
def test_each_level_of_buckets_has_its_own_age(
    data_dir: Path, resolution: int, days: int, series: int
) -> None:
    add_logs(1, days=0)
    store().execute(
        "INSERT INTO telemetry_metric (id, name, type, unit, help) VALUES (1,'m','h','','')"
    )
    store().execute("INSERT INTO telemetry_series (id, metric_id, labels) VALUES (7, 1, '{}')")
    now = int(time.time())
    old, young = now - days * 86_400 - 7_200, now - days * 86_400 + 7_200
    for start in (old, young):
        store().execute(
            "INSERT INTO telemetry_bucket VALUES (?, ?, ?, 1, 1, 1, 1, 1, 0, x'00')",
            (resolution, series, start),
        )
    prune()
    left = store().execute("SELECT start FROM telemetry_bucket WHERE series_id = ?", (series,))
    assert left.fetchall() == [(young,)]


def test_the_bookkeeping_of_ended_processes_goes(data_dir: Path) -> None:
    add_logs(1, days=0)
    now = time.time_ns() // 1000
    for number, ended in ((1, now - 100 * DAY), (2, now - DAY), (3, None)):
        store().execute(
            "INSERT INTO telemetry_process"
            " (id, writer, pid, host, role, app_version, started, ended, emitted, dropped)"
            " VALUES (?, ?, 1, '', '', '', 0, ?, 0, '{}')",
            (number, bytes([number]), ended),
        )
        store().execute(
            "INSERT INTO telemetry_segment"
            " (name, process_id, position, next_seq, stored, quarantined, removed)"
            " VALUES (?, ?, 0, 0, 0, 0, 1)",
            (str(number), number),
        )
    assert prune().gone["processes"] == 1
    assert store().execute("SELECT id FROM telemetry_process").fetchall() == [(2,), (3,)]
    assert count("segment") == 2


def test_beyond_its_size_the_oldest_go_whatever_their_age(data_dir: Path) -> None:
    add_logs(2000, days=2, size=1000)
    add_logs(100, days=0)
    with override_settings(TELEMETRY={"DATA_DIR": data_dir, "STORE_MAX_BYTES": 1_000_000}):
        assert preview_now()[1] > 0
        assert prune().gone["logs"] >= 1000
        assert preview_now()[1] == 0
    assert store().execute("SELECT max(id) FROM telemetry_log").fetchone()[0] > key(1)
    assert count("log") >= 100


def test_the_file_shrinks(data_dir: Path) -> None:
    add_logs(5000, days=20, size=1000)
    add_logs(1, days=0)
    store().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert prune().bytes_freed > 4_000_000


@pytest.mark.parametrize("table", tables.KEYED.values())
def test_batches_are_found_by_key(table: str, data_dir: Path) -> None:
    add_logs(3, days=20)
    for sql in (
        f"SELECT id FROM {table} WHERE id < 9 ORDER BY id LIMIT 5",
        f"DELETE FROM {table} WHERE id <= 9",
        f"SELECT count(*) FROM {table} WHERE id < 9",
    ):
        plan = [row[3] for row in store().execute(f"EXPLAIN QUERY PLAN {sql}")]
        assert any("USING INTEGER PRIMARY KEY (rowid<?)" in step for step in plan), plan
        assert not any("SCAN" in step for step in plan), plan


def test_no_delete_scans_a_table_of_rows(data_dir: Path) -> None:
    old = int(time.time()) - 3 * 86_400
    add_logs(3, days=20)
    add_logs(1, days=0)
    store().execute(
        "INSERT INTO telemetry_metric (id, name, type, unit, help) VALUES (1,'m','h','','')"
    )
    store().execute("INSERT INTO telemetry_series (id, metric_id, labels) VALUES (7, 1, '{}')")
    store().execute(
        "INSERT INTO telemetry_bucket VALUES (10, 7, ?, 1, 1, 1, 1, 1, 0, x'00')",
        (old,),
    )
    with statements() as seen:
        prune()
    deletes = [text for text in seen if text.startswith("DELETE")]
    assert len(deletes) >= 2
    for sql in deletes:
        plan = [row[3] for row in store().execute(f"EXPLAIN QUERY PLAN {sql}")]
        assert all("SCAN" not in step for step in plan), (sql, plan)


@pytest.mark.parametrize(
    ("given", "named"),
    [({"log": 3}, "'log'"), ({"logs": 0}, "['logs'] is 0"), ([], "not a dictionary")],
)
def test_a_bad_age_is_an_error_that_names_it(given: object, named: str, tmp_path: Path) -> None:
    with override_settings(TELEMETRY={"DATA_DIR": tmp_path, "RETENTION": given}):
        found = checks.check_values(None)
    assert [message.id for message in found] == ["telemetry.E002"]
    assert named in found[0].msg


def test_ages_are_merged_over_the_defaults(data_dir: Path) -> None:
    add_logs(1, days=0)
    with override_settings(TELEMETRY={"DATA_DIR": data_dir, "RETENTION": {"logs": 1}}):
        cuts = ages.cut_offs(store())
    assert cuts["requests"].time == cuts["logs"].time - 13 * DAY
