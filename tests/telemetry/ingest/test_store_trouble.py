"""A store that is replaced, full or broken in the middle: nothing is lost, nothing is mixed up."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import Resolver404

from telemetry.ingest import archive, batch, died
from telemetry.ingest.connection import StoreUnavailable
from telemetry.ingest.sampling import Sampler
from telemetry.ingest.worker import Worker
from telemetry.journal import reader
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
)

DIED_ROUTES = (
    "SELECT n.value FROM telemetry_request r JOIN telemetry_name n ON n.id = r.route_id"
    " WHERE r.uid = ?"
)

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


def loggers() -> list[tuple[object, ...]]:
    return rows(
        "SELECT l.message, n.value FROM telemetry_log l"
        " LEFT JOIN telemetry_name n ON n.id = l.logger_id ORDER BY l.id"
    )


def test_a_new_store_in_place_of_the_old_gets_names_of_its_own(own_store: Path) -> None:
    worker = Worker()
    emit(log(1, logger="first"), log(2, logger="second"))
    worker.drain()
    replace_store(own_store)
    emit(log(3, logger="second"), log(4, logger="first"))
    worker.drain()
    worker.close()
    # What the first store had read is read again, out of the archive.
    assert loggers() == [
        ("record 1", "first"), ("record 2", "second"),
        ("record 3", "second"), ("record 4", "first"),
    ]  # fmt: skip


def test_a_segment_is_not_removed_for_a_store_that_has_not_read_it(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(log(1))
    worker = Worker()
    store = batch.Batches.store

    def replaced_just_then(self: batch.Batches, entries: list[batch.Entry]) -> None:
        store(self, entries)
        replace_store(own_store)

    monkeypatch.setattr(batch.Batches, "store", replaced_just_then)
    worker.step()
    monkeypatch.setattr(batch.Batches, "store", store)
    worker.drain()
    worker.close()
    assert messages() == ["record 1"]


def run_until(worker: Worker, done: Callable[[], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry.ingest.worker._RETRY_SECONDS", 0.01)
    turns = iter(range(200))
    worker.run(lambda: done() or next(turns, None) is None)


@pytest.mark.parametrize(
    "fault",
    [OSError(28, "No space left on device"), sqlite3.OperationalError("database or disk is full")],
)
def test_trouble_while_clearing_up_is_waited_for(
    fault: Exception, data_dir: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    emit(log(1))
    faults = [fault, fault]
    keep = archive.keep

    def failing(segment: Path) -> None:
        if faults:
            raise faults.pop()
        keep(segment)

    monkeypatch.setattr(archive, "keep", failing)
    monkeypatch.setattr("telemetry.ingest.notices._last", {})
    folder = data_dir / "journal"
    run_until(Worker(), lambda: not list(folder.glob("*.seg")), monkeypatch)
    assert not list(folder.glob("*.seg"))
    assert messages() == ["record 1"]
    said = capsys.readouterr().err
    assert "waiting for the store" in said or "cannot be archived" in said


def test_names_made_in_a_transaction_that_fails_are_made_again(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with emitting() as sink:
        sink.board.enter(3, bytes.fromhex(uid(1)), START, "", "nightly_report")
    record = Sampler.record

    def failing(*args: Any) -> None:
        monkeypatch.setattr(Sampler, "record", record)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Sampler, "record", failing)
    worker = Worker()
    with pytest.raises((sqlite3.Error, StoreUnavailable)):
        worker.step()
    emit(log(2, logger="another", route="elsewhere/"))
    worker.drain()
    worker.close()
    assert rows(DIED_ROUTES, bytes.fromhex(uid(1))) == [("nightly_report",)]


def test_a_broken_store_is_not_the_records_fault(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(log(1), log(2))
    with monkeypatch.context() as patch:

        def broken(*args: Any) -> None:
            raise sqlite3.DatabaseError("database disk image is malformed")

        patch.setattr("telemetry.ingest.batch._advance", broken)
        with pytest.raises(StoreUnavailable, match="malformed"):
            Worker().step()
    assert rows("SELECT count(*) FROM telemetry_quarantine") == [(0,)]
    drain()
    assert messages() == ["record 1", "record 2"]


def test_an_archive_that_was_cut_short_can_be_read(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gzip

    emit(log(1))
    drain()
    (kept,) = (data_dir / "archive").iterdir()
    before = kept.read_bytes()

    write = os.write

    def half(fd: int, data: bytes) -> int:
        if os.fstat(fd).st_ino != kept.stat().st_ino:
            return write(fd, data)
        monkeypatch.undo()
        write(fd, data[: len(data) // 2])
        raise OSError(5, "Input/output error")

    emit(log(2))
    monkeypatch.setattr("telemetry.ingest.archive.os.write", half)
    worker = Worker()
    worker.step()
    assert len(reader.segments(data_dir / "journal")) == 1
    assert kept.read_bytes() == before
    worker.drain()
    worker.close()
    text = gzip.decompress(kept.read_bytes())
    assert (text.count(b'"record 1"'), text.count(b'"record 2"')) == (1, 1)


@pytest.mark.parametrize("fault", [Resolver404(), ImportError("no such module"), ValueError("x")])
def test_a_route_that_cannot_be_resolved_does_not_stop_ingest(
    fault: Exception, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: str) -> None:
        raise fault

    monkeypatch.setattr(died, "resolve", broken)
    with emitting() as sink:
        sink.board.enter(1, bytes.fromhex(uid(1)), START, "GET", "/gone/")
        sink.board.enter(1, bytes.fromhex(uid(2)), START, "GET", "/admin/telemetry/")
    drain()
    for number in (1, 2):
        assert rows(DIED_ROUTES, bytes.fromhex(uid(number))) == [("(unmatched)",)]
    own = rows("SELECT uid, is_self FROM telemetry_request ORDER BY uid")
    assert own == [(bytes.fromhex(uid(1)), 0), (bytes.fromhex(uid(2)), 1)]
