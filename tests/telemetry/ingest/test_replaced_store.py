"""A store out of a backup, deleted or made anew: what it lacks is read again, and nothing twice."""

import gzip
import json
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from django.db import connections
from django.test import override_settings

from telemetry.conf import settings
from telemetry.ingest import archive
from telemetry.ingest.connection import StoreMissing, StoreUnavailable, path
from telemetry.ingest.worker import Worker
from telemetry.journal import reader
from telemetry.queries.status import status
from tests.telemetry.ingest.helpers import (
    START,
    drain,
    emit,
    emitting,
    log,
    messages,
    replace_store,
    rows,
    uid,
    unit,
)

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


def backup(tmp_path: Path) -> Path:
    """A copy of the store as it is now, made as the documentation says."""
    connections[settings.DATABASE].close()
    target = tmp_path / "backup.sqlite3"
    with sqlite3.connect(path()) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    source.close()
    copy.close()
    return target


def restore(copy: Path) -> None:
    connections[settings.DATABASE].close()
    replace_store(copy)


def lines(data_dir: Path) -> list[str]:
    """The bodies in app.jsonl and its predecessors."""
    text = ""
    for file in sorted((data_dir / "logs").glob("app*")):
        text += (
            gzip.decompress(file.read_bytes()).decode()
            if file.suffix == ".gz"
            else file.read_text()
        )
    return sorted(json.loads(line)["body"] for line in text.splitlines())


def numbered(first: int, end: int) -> list[str]:
    return [f"record {number}" for number in range(first, end)]


def test_a_restored_backup_gets_what_came_after_it(own_store: Path, data_dir: Path) -> None:
    emit(*(log(number) for number in range(10, 20)))
    drain()
    copy = backup(data_dir)
    for start in (20, 30):
        emit(*(log(number) for number in range(start, start + 10)))
        drain()
    restore(copy)
    assert messages() == numbered(10, 20)
    emit(log(40))
    drain()
    assert messages() == numbered(10, 41)
    found = status()
    assert (found.emitted, found.stored, found.balanced) == (31 + 4, 31 + 4, True)
    # The log files had it all before, and have it once.
    assert lines(data_dir) == numbered(10, 41)
    assert reader.segments(data_dir / "journal") == []


def test_a_segment_that_was_half_read_goes_on_where_the_backup_was(
    own_store: Path, data_dir: Path
) -> None:
    with emitting() as sink:
        sink.emit(log(10))
        drain()
        copy = backup(data_dir)
        sink.emit(log(11))
        drain()
        restore(copy)
        drain()
        assert messages() == numbered(10, 12)
        sink.emit(log(12))
    drain()
    restore(copy)
    drain()
    assert messages() == numbered(10, 13)
    assert status().balanced
    assert lines(data_dir) == numbered(10, 13)


def test_it_is_noticed_while_ingest_runs(own_store: Path, data_dir: Path) -> None:
    worker = Worker()
    emit(log(10))
    worker.drain()
    copy = backup(data_dir)
    emit(log(11), log(12))
    worker.drain()
    restore(copy)
    emit(log(13))
    worker.drain()
    worker.close()
    assert messages() == numbered(10, 14)
    assert status().balanced


def test_a_store_deleted_while_open_is_made_again(
    own_store: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = Worker()
    emit(log(10), log(11))
    worker.drain()
    path().unlink()
    emit(log(12))
    assert worker.step() > 0
    worker.drain()
    worker.close()
    assert messages() == numbered(10, 13)
    assert status().balanced
    assert lines(data_dir) == numbered(10, 13)
    assert "was made again" in capsys.readouterr().err
    assert rows("PRAGMA auto_vacuum") == [(2,)]


def test_so_is_one_that_was_cut_to_nothing(own_store: Path, data_dir: Path) -> None:
    worker = Worker()
    emit(log(10))
    worker.drain()
    connections[settings.DATABASE].close()
    path().write_bytes(b"")
    emit(log(11))
    worker.drain()
    worker.close()
    assert messages() == numbered(10, 12)


def test_a_store_that_was_never_there_is_waited_for(own_store: Path, data_dir: Path) -> None:
    connections[settings.DATABASE].close()
    path().unlink()
    emit(log(10))
    worker = Worker()
    with pytest.raises(StoreMissing, match="migrate --database telemetry"):
        worker.drain()
    assert not path().exists()
    restore(own_store)
    worker.drain()
    worker.close()
    assert messages() == ["record 10"]


def test_a_store_that_is_not_migrated_is_waited_for(own_store: Path, data_dir: Path) -> None:
    connections[settings.DATABASE].close()
    path().unlink()
    with sqlite3.connect(path()) as other:
        other.execute("CREATE TABLE something (else_ INTEGER)")
    other.close()
    emit(log(10))
    worker = Worker()
    with pytest.raises(StoreUnavailable, match="migrate --database telemetry"):
        worker.drain()
    restore(own_store)
    worker.drain()
    worker.close()
    assert messages() == ["record 10"]


def test_a_process_that_ended_after_the_backup_keeps_its_totals_and_its_dead_request(
    own_store: Path, data_dir: Path
) -> None:
    copy = backup(data_dir)
    with emitting() as sink:
        sink.emit(log(10))
        sink.journal.drop("too_large")
        sink.board.enter(1, bytes.fromhex(uid(1)), START, "GET", "/gone/")
    drain()
    before = status()
    durations = rows("SELECT duration FROM telemetry_request")
    restore(copy)
    drain()
    after = status()
    assert (after.emitted, after.dropped) == (before.emitted, {"too_large": 1})
    assert after.balanced
    assert rows("SELECT duration FROM telemetry_request") == durations
    assert len(durations) == 1


def test_what_the_archive_has_no_more_is_counted_as_lost_with_the_store(
    own_store: Path, data_dir: Path
) -> None:
    with (
        override_settings(TELEMETRY={"DATA_DIR": data_dir, "SEGMENT_BYTES": 600}),
        emitting() as sink,
    ):
        for number in range(10, 20):
            sink.emit(log(number))
        drain()
        shutil.rmtree(data_dir / "archive")
        sink.emit(log(20))
        restore(own_store)
        worker = Worker()
        worker._recovery.forget()
        worker.drain()
        worker.close()
        found = status()
        assert found.dropped["store_replaced"] > 5
        assert found.balanced
        worker = Worker()
        worker.drain()
        worker.close()
        assert status().dropped == found.dropped
    drain()
    assert status().balanced
    assert status().dropped == found.dropped


def test_records_in_the_archive_are_not_read_again_by_the_store_that_read_them(
    data_dir: Path,
) -> None:
    emit(log(10), unit(11))
    drain()
    for _ in range(3):
        drain()
    assert messages() == ["record 10"]
    assert status().stored == 3


def test_a_writers_records_come_in_order_when_some_are_in_the_archive(
    own_store: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One segment at a time.
    monkeypatch.setattr("telemetry.ingest.recovery._BYTES", 1)
    small = {"DATA_DIR": data_dir, "SEGMENT_BYTES": 600, "BATCH_RECORDS": 1}
    with override_settings(TELEMETRY=small), emitting() as sink:
        for number in range(10, 30):
            sink.emit(log(number))
        drain()
        sink.emit(log(30))
        restore(own_store)
        drain()
        stored = rows("SELECT message FROM telemetry_log ORDER BY rowid")
        assert [text for (text,) in stored] == numbered(10, 31)
        assert status().balanced


def test_damage_in_the_archive_costs_what_it_hit(own_store: Path, data_dir: Path) -> None:
    for number in (10, 11, 12):
        emit(log(number))
        drain()
    (file,) = (data_dir / "archive").iterdir()
    members = [each for each in archive.index().values() if each.name.endswith(".seg")]
    middle = sorted(members, key=lambda each: each.offset)[1]
    data = bytearray(file.read_bytes())
    data[middle.offset : middle.offset + middle.length] = bytes(middle.length)
    file.write_bytes(data)
    restore(own_store)
    drain()
    assert messages() == ["record 10", "record 12"]
    assert status().balanced


def test_a_crash_while_reading_again_changes_nothing(own_store: Path, data_dir: Path) -> None:
    for number in range(10, 14):
        emit(log(number))
        drain()
    restore(own_store)
    worker = Worker()
    worker._recovery.go_on(worker._store, worker._files)
    # Killed with the segments brought back and not read; the next one starts over.
    connections[settings.DATABASE].close()
    drain()
    assert messages() == numbered(10, 14)
    assert status().balanced


def test_the_journals_folder_may_be_gone_with_the_store(own_store: Path, data_dir: Path) -> None:
    emit(log(10))
    drain()
    shutil.rmtree(data_dir / "journal")
    restore(own_store)
    drain()
    assert messages() == ["record 10"]
    assert status().balanced


def test_lines_of_a_file_that_nobody_knows_are_kept(data_dir: Path) -> None:
    (data_dir / "logs").mkdir()
    (data_dir / "logs" / "app.jsonl").write_text('{"body": "from another time"}\n')
    emit(log(10))
    drain()
    assert lines(data_dir) == ["from another time", "record 10"]


def test_journal_and_store_may_be_on_different_filesystems(own_store: Path, tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == path().stat().st_dev:
        pytest.skip("there is one filesystem here")
    with (
        tempfile.TemporaryDirectory(dir=memory) as other,
        override_settings(TELEMETRY={"DATA_DIR": other}),
    ):
        emit(log(10))
        worker = Worker()
        worker.drain()
        path().unlink()
        emit(log(11))
        worker.drain()
        restore(own_store)
        worker.drain()
        worker.close()
        assert messages() == numbered(10, 12)
        assert status().balanced
        assert lines(Path(other)) == numbered(10, 12)
