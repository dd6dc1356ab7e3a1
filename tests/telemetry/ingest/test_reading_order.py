"""Which records come first: each writer's in its order, and no writer before all others."""

from pathlib import Path

import pytest
from django.test import override_settings

from telemetry.conf import settings
from telemetry.ingest.worker import Worker
from telemetry.journal import reader
from tests.telemetry.ingest.helpers import drain, emit, emitting, log, messages, rows

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


def in_order_of_storing() -> list[str]:
    return [str(text) for (text,) in rows("SELECT message FROM telemetry_log ORDER BY rowid")]


def small_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    read = reader.read
    monkeypatch.setattr(reader, "read", lambda path, at, seq=0: read(path, at, seq, 2_000))


def test_a_writers_next_segment_waits_for_the_end_of_the_one_before(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_reads(monkeypatch)
    taken: list[str] = []
    store = "telemetry.ingest.batch.Batches.store"
    from telemetry.ingest.batch import Batches

    original = Batches.store

    def noting(self: Batches, entries: list[object]) -> None:
        taken.extend(f"{source.name} {record.offset:09d}" for source, record in entries)  # type: ignore[attr-defined]
        original(self, entries)  # type: ignore[arg-type]

    monkeypatch.setattr(store, noting)
    with override_settings(TELEMETRY={"DATA_DIR": data_dir, "SEGMENT_BYTES": 6_000}):
        emit(*(log(number) for number in range(100)))
        drain()
    assert len(messages()) == 100
    assert len({name.split()[0] for name in taken}) > 2
    assert taken == sorted(taken)


def test_a_busy_writer_does_not_keep_the_others_waiting(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_reads(monkeypatch)
    fewer = override_settings(TELEMETRY={"DATA_DIR": data_dir, "BATCH_RECORDS": 5})
    with fewer, emitting() as first, emitting() as second, emitting() as third:
        for sink in (first, second, third):
            for number in range(200):
                sink.emit(log(number, logger=sink.journal.writer))
        worker = Worker()
        for _ in range(3):
            worker.step()
        seen = rows("SELECT count(DISTINCT logger_id) FROM telemetry_log")
        worker.close()
    assert seen == [(3,)]


@pytest.mark.parametrize(
    "name", ["copy.seg", "notes.board", "0123-000000.seg", "zz" * 16 + "-000000.seg", ".seg"]
)
def test_a_file_that_is_not_the_journals_is_left_alone(name: str, data_dir: Path) -> None:
    emit(log(1))
    stray = settings.journal_dir / name
    stray.write_bytes(b"not a record\n")
    drain()
    assert messages() == ["record 1"]
    assert stray.exists()
    assert rows("SELECT count(*) FROM telemetry_quarantine") == [(0,)]


def test_what_a_crash_left_half_made_is_cleared_away(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    emit(log(1))
    left = settings.journal_dir / f"{'ab' * 16}-000000.tmp"
    fresh = settings.journal_dir / f"{'cd' * 16}.tmp"
    for path in (left, fresh):
        path.write_bytes(b"half")
    os.utime(left, (1, 1))
    drain()
    assert not left.exists()
    assert fresh.exists()
