"""One file of the journal that cannot be read does not stop the others."""

import logging
import os
import struct
from pathlib import Path

import pytest

from telemetry.ingest import notices
from telemetry.ingest.worker import Worker
from telemetry.journal import board, locks, reader
from telemetry.queries.status import status
from telemetry.testing import Captured
from tests.telemetry.ingest.helpers import (
    START,
    drain,
    emit,
    emitting,
    log,
    messages,
    rows,
    uid,
)

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])
OTHER = "00" * 16


@pytest.fixture(autouse=True)
def folder(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(notices, "_last", {})
    emit(log(1))
    return data_dir / "journal"


@pytest.mark.parametrize("name", [f"{OTHER}-000000.seg", f"{OTHER}.board", f"{OTHER}.tmp"])
def test_a_folder_of_that_name(name: str, folder: Path) -> None:
    (folder / name).mkdir()
    drain()
    emit(log(2))
    drain()
    assert messages() == ["record 1", "record 2"]
    assert status().balanced


def test_a_segment_that_may_not_be_read_waits_until_it_may(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (closed,) = reader.segments(folder)
    emit(log(2))
    is_locked = locks.is_locked

    def refuse(path: Path) -> bool:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return is_locked(path)

    with monkeypatch.context() as patch:
        patch.setattr(locks, "is_locked", refuse)
        drain()
        assert messages() == ["record 2"]
        found = status()
        assert found.unreadable == [f"{closed}: Permission denied"]
        assert str(closed) in found.next_step
        assert str(closed) in capsys.readouterr().err
    drain()
    assert messages() == ["record 1", "record 2"]
    assert status().balanced


def test_a_segment_without_bytes(folder: Path) -> None:
    (folder / f"{OTHER}-000000.seg").touch()
    drain()
    assert reader.segments(folder) == []
    assert status().balanced


def test_a_segment_of_garbage_is_set_aside(folder: Path) -> None:
    (folder / f"{OTHER}-000000.seg").write_bytes(os.urandom(70_000))
    drain()
    assert messages() == ["record 1"]
    assert reader.segments(folder) == []
    assert (status().quarantined, status().balanced) == (1, True)


@pytest.mark.parametrize("content", [b"", b"garbage", os.urandom(board.SIZE)])
def test_a_board_of_garbage(content: bytes, folder: Path) -> None:
    for path in reader.boards(folder):
        path.write_bytes(content)
    drain()
    assert messages() == ["record 1"]
    assert reader.boards(folder) == []
    assert status().balanced


def test_a_board_whose_numbers_have_changed(folder: Path) -> None:
    with emitting() as sink:
        sink.board.enter(1, bytes.fromhex(uid(1)), START, "GET", "/slow/")
    for path in reader.boards(folder):
        data = bytearray(path.read_bytes())
        # The accepted count, and the start of the running request.
        struct.pack_into("=Q", data, 64, 1 << 63)
        path.write_bytes(data)
    drain()
    assert status().balanced


def test_a_running_request_with_an_impossible_start_is_left_out(folder: Path) -> None:
    with emitting() as sink:
        sink.board.enter(1, bytes.fromhex(uid(1)), (1 << 64) - 1, "GET", "/slow/")
        sink.board.enter(1, bytes.fromhex(uid(2)), START, "GET", "/slow/")
    drain()
    assert rows("SELECT uid FROM telemetry_request") == [(bytes.fromhex(uid(2)),)]
    assert status().balanced


def test_requests_that_died_are_counted_with_the_others(folder: Path) -> None:
    with emitting() as sink:
        for number, path in enumerate(("/slow/", "/slow/", "/admin/telemetry/")):
            sink.board.enter(1, bytes.fromhex(uid(number)), START, "GET", path)
        sink.board.enter(2, bytes.fromhex(uid(9)), START, "", "a task")
    drain()
    counted = rows(
        "SELECT s.labels, sum(b.total) FROM telemetry_bucket b"
        " JOIN telemetry_series s ON s.id = b.series_id JOIN telemetry_metric m"
        " ON m.id = s.metric_id WHERE m.name = 'http_server_requests_total' AND b.resolution = 10"
        " GROUP BY s.id"
    )
    assert counted == [('{"method":"GET","route":"(unmatched)","status":"died"}', 2)]


def test_what_a_crash_left_half_made_goes_whatever_the_clock_says(folder: Path) -> None:
    left = folder / f"{OTHER}-000003.tmp"
    left.write_bytes(b"half")
    # Written while the clock was a year ahead.
    later = left.stat().st_mtime + 365 * 86_400
    os.utime(left, (later, later))
    worker = Worker()
    worker.drain()
    assert left.exists()
    worker._drafts._first = {path: at - 3_600 for path, at in worker._drafts._first.items()}
    worker._trimmed = -1e9
    emit(log(5))
    worker.drain()
    worker.close()
    assert not left.exists()


def test_notices_are_few_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(200):
        notices.say(f"trouble {number}")
        notices.say("the same")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert lines.count("telemetry ingest: the same") == 1
    assert "left out" in lines[-1]


def test_a_closed_stderr_does_not_stop_ingest(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)
    notices.say("nobody hears this")


def test_ingest_captures_nothing_of_itself_not_even_its_troubles(
    folder: Path, telemetry_capture: Captured, caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    logging.getLogger("tests").error("this one is captured")
    assert len(telemetry_capture.logs) == 1
    (folder / f"{OTHER}-000000.seg").mkdir()
    with caplog.at_level(logging.DEBUG):
        turns = iter(range(5))
        Worker().run(lambda: next(turns, None) is None)
    assert messages() == ["record 1"]
    assert "cannot be read" in capsys.readouterr().err
    assert len(telemetry_capture.events) == 1


def test_an_archive_that_cannot_be_written_holds_up_nothing_but_removal(
    folder: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data_dir / "archive").write_text("a file where the folder should be")
    drain()
    emit(log(2))
    drain()
    assert messages() == ["record 1", "record 2"]
    assert len(reader.segments(folder)) == 2
    assert status().balanced
    assert "cannot be archived" in capsys.readouterr().err
    (data_dir / "archive").unlink()
    drain()
    assert reader.segments(folder) == []
    assert reader.boards(folder) == []
    assert status().balanced
