"""A folder full of dead segments is registered, read and cleared in few transactions."""

from pathlib import Path

import pytest

from telemetry.ingest import retire
from telemetry.ingest.worker import Worker
from telemetry.journal import events, line, locks, reader
from telemetry.journal.segment import path_of
from tests.telemetry.ingest.helpers import START, drain, emit, log, messages, rows
from tests.telemetry.retention.helpers import statements

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])

WRITERS = 120


@pytest.fixture
def backlog(data_dir: Path) -> Path:
    """As many processes as WRITERS have each left two segments of two records."""
    for writer in range(WRITERS):
        for index in (0, 1):
            leave(data_dir, writer, index, log(writer * 10 + index, message=f"{writer}-{index}"))
    return data_dir / "journal"


def leave(data_dir: Path, writer: int, index: int, *records: events.Event) -> None:
    """A segment of a process that is gone: its introduction and these records."""
    folder = data_dir / "journal"
    folder.mkdir(exist_ok=True)
    all_of_them = [events.ProcessStarted(START, 1, "h", "web", "1"), *records]
    lines = [line.pack(seq, events.encode(one)) for seq, one in enumerate(all_of_them)]
    path_of(folder, f"{writer:032x}", index).write_bytes(b"".join(lines))


def test_they_take_few_transactions(backlog: Path) -> None:
    with statements() as seen:
        assert drain() == WRITERS * 4
    begun = sum(statement.startswith("BEGIN") for statement in seen)
    # Registering, one batch, clearing it up, closing the processes' books, and room for one more.
    assert begun <= 6
    assert not list(backlog.iterdir())
    assert rows("SELECT count(*) FROM telemetry_process WHERE ended IS NULL") == [(0,)]
    assert rows("SELECT value FROM telemetry_total WHERE name = 'stored'") == [(WRITERS * 4,)]


def test_each_record_is_stored_once_and_in_its_writers_order(
    backlog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Batches end in the middle of a pass, and of a writer.
    monkeypatch.setattr("telemetry.ingest.worker.settings.BATCH_RECORDS", 7, raising=False)
    assert drain() == WRITERS * 4
    found = messages()
    assert len(found) == len(set(found)) == WRITERS * 2
    segments = rows("SELECT DISTINCT name FROM telemetry_segment WHERE position > 0 AND removed")
    assert len(segments) == WRITERS * 2


def test_locks_of_other_files_are_not_asked_for_with_each_batch(
    backlog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.ingest.worker.settings.BATCH_RECORDS", 7, raising=False)
    asked: list[Path] = []
    is_locked = locks.is_locked

    def counted(path: Path) -> bool:
        asked.append(path)
        return is_locked(path)

    monkeypatch.setattr(locks, "is_locked", counted)
    looks: list[int] = []
    dead_writers = retire.dead_writers

    def looking(folder: Path, unended: set[str]) -> object:
        looks.append(1)
        return dead_writers(folder, unended)

    monkeypatch.setattr(retire, "dead_writers", looking)
    drain()
    assert len(looks) <= 3
    assert len(asked) <= 3 * 2 * WRITERS


def test_a_busy_writer_does_not_keep_others_waiting(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.ingest.worker.settings.BATCH_RECORDS", 10, raising=False)
    emit(*(log(number, message="busy") for number in range(60)))
    emit(log(70, message="other"))
    worker = Worker()
    worker.step()
    worker.step()
    assert "other" in messages()
    worker.drain()
    worker.close()
    assert len(messages()) == 61


def test_a_segment_that_only_waits_for_its_removal_does_not_end_a_drain(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(retire, "remove_segments", lambda db, finished, kept=(): None)
        leave(data_dir, 9, 0, log(1, message="read"))
        drain()
    monkeypatch.setattr("telemetry.ingest.worker.settings.BATCH_RECORDS", 10, raising=False)
    monkeypatch.setattr(reader.read, "__defaults__", (0, 2_000))
    # Read before it, and not to its end: the batch is full.
    leave(data_dir, 1, 0, *(log(number) for number in range(40)))
    drain()
    assert len(messages()) == 41
