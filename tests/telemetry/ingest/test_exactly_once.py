"""Rows and position are one transaction: nothing twice, nothing lost, bad records set aside."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from telemetry.ingest import batch, retire
from telemetry.ingest.connection import StoreUnavailable
from telemetry.ingest.rows import Rows
from telemetry.ingest.worker import Worker
from telemetry.journal import events, reader
from telemetry.queries.status import status
from tests.telemetry.ingest.helpers import drain, emit, emitting, log, messages, rows, unit

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])


def test_records_arrive_once_and_their_segment_goes(data_dir: Path) -> None:
    emit(log(1), log(2), unit(3))
    # Three records and the one that introduces the process.
    assert drain() == 4
    assert drain() == 0
    assert messages() == ["record 1", "record 2"]
    assert reader.segments(data_dir / "journal") == []
    assert reader.boards(data_dir / "journal") == []
    found = status()
    assert (found.emitted, found.stored, found.pending) == (4, 4, 0)


def test_a_living_writer_is_read_as_it_writes(data_dir: Path) -> None:
    with emitting() as sink:
        for number in range(5):
            sink.emit(log(number))
            drain()
            assert messages()[-1] == f"record {number}"
        assert len(reader.segments(data_dir / "journal")) == 1
        assert status().balanced
    drain()
    assert len(messages()) == 5
    assert status().balanced


@pytest.mark.parametrize("point", ["insert", "advance", "commit"])
def test_a_crash_before_the_commit_repeats_the_batch_once(
    point: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(*(log(number) for number in range(10)))
    target: Any = {"insert": Rows, "advance": batch, "commit": batch.LogFiles}[point]
    name = {"insert": "write", "advance": "_advance", "commit": "append"}[point]
    original = getattr(target, name)

    def crash(*args: Any) -> None:
        original(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(target, name, crash)
        with pytest.raises(KeyboardInterrupt):
            drain()
    assert messages() == []
    drain()
    assert messages() == [f"record {number}" for number in range(10)]
    assert status().balanced


def test_a_crash_between_commit_and_removal_doubles_nothing(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(*(log(number) for number in range(10)))

    def crash(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retire, "remove_segments", crash)
        with pytest.raises(KeyboardInterrupt):
            drain()
    assert len(reader.segments(data_dir / "journal")) == 1
    drain()
    assert len(messages()) == 10
    assert reader.segments(data_dir / "journal") == []
    assert status().balanced


def test_a_crash_between_closing_a_process_and_removing_its_board_counts_it_once(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(log(1))
    with monkeypatch.context() as patch:
        patch.setattr(retire, "remove_board", lambda *args: None)
        drain()
    assert len(reader.boards(data_dir / "journal")) == 1
    drain()
    assert status().emitted == status().stored == 2


def test_a_segment_that_comes_back_is_not_read_again(data_dir: Path) -> None:
    emit(log(1))
    (segment,) = reader.segments(data_dir / "journal")
    copy = data_dir / "copy"
    shutil.copy(segment, copy)
    drain()
    shutil.copy(copy, segment)
    drain()
    assert messages() == ["record 1"]
    assert status().balanced


def test_two_that_ingest_the_same_segment_do_not_both_store_it(data_dir: Path) -> None:
    emit(log(1), log(2))
    first, second = Worker(), Worker()
    entries, _ = first._read()
    again, _ = second._read()
    first._batches.store(entries)
    with pytest.raises(batch.Contended):
        second._batches.store(again)
    assert messages() == ["record 1", "record 2"]
    first.close()
    second.close()


@pytest.mark.parametrize("place", [0, 3, 9])
def test_a_record_that_the_store_refuses_is_set_aside_alone(
    place: int, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Rows.add

    def refuse(self: Rows, event: events.Event, process: int) -> None:
        if isinstance(event, events.LogMade) and event.message == f"record {place}":
            raise sqlite3.IntegrityError("poison")
        add(self, event, process)

    monkeypatch.setattr(Rows, "add", refuse)
    emit(*(log(number) for number in range(10)))
    drain()
    assert messages() == [f"record {number}" for number in range(10) if number != place]
    ((reason, data),) = rows("SELECT reason, data FROM telemetry_quarantine")
    assert reason == "refused: poison"
    assert f"record {place}".encode() in bytes(data)  # type: ignore[arg-type]
    found = status()
    assert (found.quarantined, found.balanced) == (1, True)


@pytest.mark.parametrize(
    "payload",
    [b"{}", b"[]", b'["z",1]', b'["l",1,2,3]', b'["m",null,-5,[]]', b"null", b"[" * 3_000],
)
def test_what_is_no_event_is_set_aside(payload: bytes, data_dir: Path) -> None:
    with emitting() as sink:
        sink.emit(log(1))
        sink.journal.append(payload)
        sink.emit(log(2))
    drain()
    assert messages() == ["record 1", "record 2"]
    assert (status().quarantined, status().balanced) == (1, True)


def test_a_record_cut_at_any_byte_is_set_aside_and_the_rest_stands(data_dir: Path) -> None:
    for cut in range(1, 40, 7):
        emit(log(cut), log(cut + 1))
        (segment,) = reader.segments(data_dir / "journal")
        segment.write_bytes(segment.read_bytes()[:-cut])
        drain()
    assert len(messages()) == 6
    assert (status().quarantined, status().balanced) == (6, True)


def test_a_flipped_byte_costs_one_record(data_dir: Path) -> None:
    emit(log(1), log(2), log(3))
    (segment,) = reader.segments(data_dir / "journal")
    segment.write_bytes(segment.read_bytes().replace(b"record 2", b"recorD 2"))
    drain()
    assert messages() == ["record 1", "record 3"]
    assert (status().quarantined, status().balanced) == (1, True)


def test_rows_of_the_very_same_microsecond_all_have_room(data_dir: Path) -> None:
    emit(*(log(number, time=5_000_000) for number in range(4_150)))
    drain()
    assert len(messages()) == 4_150
    assert status().quarantined == 0


def test_a_busy_store_is_waited_for(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emit(log(1))
    worker = Worker()
    monkeypatch.setattr(
        worker._store, "transaction", lambda: (_ for _ in ()).throw(StoreUnavailable("locked"))
    )
    with pytest.raises(StoreUnavailable):
        worker.step()
    monkeypatch.undo()
    worker.drain()
    worker.close()
    assert messages() == ["record 1"]


def test_a_batch_is_bounded(data_dir: Path) -> None:
    limited = {"DATA_DIR": data_dir, "BATCH_RECORDS": 10}
    with override_settings(TELEMETRY=limited):
        for _ in range(5):
            emit(*(log(number) for number in range(10)))
        worker = Worker()
        assert worker.step() < 30
        worker.drain()
        worker.close()
    assert len(messages()) == 50


def test_ingested_segments_are_archived_for_a_while(data_dir: Path) -> None:
    import gzip

    emit(log(1))
    drain()
    (archive,) = (data_dir / "archive").iterdir()
    text = gzip.decompress(archive.read_bytes())
    assert text.startswith(b"# ")
    assert b"record 1" in text
