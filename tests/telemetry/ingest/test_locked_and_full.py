"""A store that is locked, read-only, full or held open: the journal keeps what waits."""

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client, override_settings

from telemetry.conf import settings
from telemetry.ingest import archive, wal
from telemetry.ingest.connection import Store, StoreUnavailable, path
from telemetry.ingest.worker import Worker
from telemetry.journal import reader
from telemetry.queries.status import status
from telemetry.retention.upkeep import Upkeep
from tests.telemetry.ingest.helpers import drain, emit, log, messages, rows

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


@contextmanager
def open_reader() -> Iterator[sqlite3.Connection]:
    """Another program in the middle of a long read."""
    other = sqlite3.connect(path(), isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM telemetry_log").fetchone()
    try:
        yield other
    finally:
        other.close()


@contextmanager
def small_log(data_dir: Path) -> Iterator[int]:
    limit = 1_000_000
    given = {"DATA_DIR": data_dir, "WAL_MAX_BYTES": limit, "BATCH_RECORDS": 200}
    with override_settings(TELEMETRY=given):
        yield limit


def emit_many(count: int) -> None:
    emit(*(log(number, message=f"record {number} {'x' * 2_000}") for number in range(count)))


def test_a_reader_that_stays_open_does_not_let_the_log_grow_for_ever(
    own_store: Path, data_dir: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, admin_client: Client,
) -> None:  # fmt: skip
    monkeypatch.setattr("telemetry.ingest.worker._RETRY_SECONDS", 0.01)
    monkeypatch.setattr("telemetry.ingest.notices._last", {})
    with small_log(data_dir) as limit:
        for _ in range(10):
            emit_many(200)
        worker = Worker()
        with open_reader():
            stop = time.monotonic() + 4
            while time.monotonic() < stop:
                turns = iter(range(3))
                worker.run(lambda turns=turns: next(turns, None) is None)  # type: ignore[misc]
                # A batch, its rows and sums, beyond the limit.
                assert wal.size_of(path()) < limit + 3_000_000
                if "a reader holds it back" in capsys.readouterr().err:
                    break
            else:
                pytest.fail("ingest did not wait")
            found = status()
            assert found.balanced
            assert found.pending > 0
            # Pages are answered meanwhile.
            assert admin_client.get("/admin/telemetry/status/").status_code == 200
            upkeep = Upkeep(Store())
            upkeep._next = 0
            with pytest.raises(StoreUnavailable, match="WAL_MAX_BYTES"):
                upkeep.pass_()
        worker = Worker()
        worker.drain()
        worker.close()
        assert len(messages()) == 2_000
        assert status().balanced


def test_without_a_reader_the_log_is_emptied_at_its_limit(own_store: Path, data_dir: Path) -> None:
    with small_log(data_dir) as limit:
        for _ in range(5):
            emit_many(200)
            drain()
            assert wal.size_of(path()) < limit + 3_000_000
    assert len(messages()) == 1_000


def test_a_store_locked_by_another_program_is_waited_for(
    own_store: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.ingest.worker._RETRY_SECONDS", 0.01)
    worker = Worker()
    emit(log(1))
    worker.drain()
    rows("PRAGMA busy_timeout=50")
    other = sqlite3.connect(path(), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    emit(log(2))
    with pytest.raises(StoreUnavailable, match="locked"):
        worker.step()
    assert status().pending == 2
    other.execute("ROLLBACK")
    other.close()
    worker.drain()
    worker.close()
    assert messages() == ["record 1", "record 2"]


def test_a_store_locked_while_it_is_opened_is_opened_whole_later(
    own_store: Path, data_dir: Path
) -> None:
    emit(log(1))
    wrapper = connections[settings.DATABASE]
    wrapper.close()
    usual = wrapper.settings_dict
    wrapper.settings_dict = {**usual, "OPTIONS": {**usual["OPTIONS"], "timeout": 0.05}}
    other = sqlite3.connect(path(), isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    worker = Worker()
    try:
        with pytest.raises(StoreUnavailable):
            worker.step()
    finally:
        other.execute("ROLLBACK")
        other.close()
        wrapper.settings_dict = usual
    worker.drain()
    # Not the connection that was half set up: power loss would cost a commit.
    assert rows("PRAGMA synchronous") == [(2,)]
    worker.close()
    assert messages() == ["record 1"]


def test_a_read_only_store_is_waited_for_and_written_when_it_is_writable_again(
    own_store: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.ingest.worker._RETRY_SECONDS", 0.01)
    worker = Worker()
    emit(log(1))
    worker.drain()
    emit(log(2))
    rows("PRAGMA query_only=1")
    with pytest.raises(StoreUnavailable, match="readonly"):
        worker.step()
    turns = iter(range(20))
    worker.run(lambda: next(turns, None) is None)
    # It was opened anew: a connection that began read-only would stay so.
    assert messages() == ["record 1", "record 2"]


def test_a_full_database_is_waited_for(own_store: Path, data_dir: Path) -> None:
    worker = Worker()
    emit(log(1))
    worker.drain()
    (pages,) = rows("PRAGMA page_count")[0]
    rows(f"PRAGMA max_page_count={pages}")
    emit_many(3_000)
    with pytest.raises(StoreUnavailable, match="full"):
        worker.drain()
    found = status()
    assert (found.quarantined, found.balanced) == (0, True)
    assert found.pending > 0
    rows("PRAGMA max_page_count=1000000")
    worker.drain()
    worker.close()
    assert len(messages()) == 3_001
    assert status().balanced
    lines = (data_dir / "logs" / "app.jsonl").read_text().splitlines()
    assert len(lines) == 3_001


def test_a_full_disk_costs_archives_before_it_holds_up_the_journal(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("telemetry.ingest.notices._last", {})
    emit(log(1))
    drain()
    (old,) = (data_dir / "archive").iterdir()
    old.rename(old.with_name("20200101T000000.jsonl.gz"))
    write = os.write
    full = threading.Event()
    full.set()

    def limited(fd: int, data: bytes) -> int:
        if full.is_set() and ".jsonl.gz" in str(Path(f"/proc/self/fd/{fd}").readlink()):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data)

    monkeypatch.setattr("telemetry.ingest.archive.os.write", limited)
    emit(log(2))
    drain()
    assert messages() == ["record 1", "record 2"]
    assert reader.segments(data_dir / "journal") == []
    assert not old.with_name("20200101T000000.jsonl.gz").exists()
    assert "no room to archive" in capsys.readouterr().err
    full.clear()
    emit(log(3))
    drain()
    assert len(archive.index()) == 2


def test_archive_files_age_by_the_time_they_are_given_and_never_stick(data_dir: Path) -> None:
    emit(log(1))
    drain()
    (file,) = (data_dir / "archive").iterdir()
    now = time.time()
    archive.trim(now + 23 * 3600)
    assert file.exists()
    # Written while the clock was a year ahead.
    os.utime(file, (now + 365 * 86_400,) * 2)
    archive.trim(now)
    archive.trim(now + 25 * 3600)
    assert not file.exists()


def test_archive_files_keep_their_order_when_the_clock_goes_back(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = data_dir / "archive"
    folder.mkdir()
    ahead = folder / "20990101T000000.jsonl.gz"
    ahead.write_bytes(b"")
    emit(log(1))
    drain()
    emit(log(2))
    drain()
    names = sorted(each.name for each in folder.iterdir())
    # Not before the one that is from later by its name, and one file for both.
    assert names == [ahead.name, "20990101T000001.jsonl.gz"]
