"""Bad bytes in a segment: the delivery equation holds, and every other record is stored."""

from pathlib import Path

import pytest

from telemetry.ingest.worker import Worker
from telemetry.journal import reader
from telemetry.queries.status import status
from tests.telemetry.ingest.helpers import drain, emit, emitting, log, messages, rows

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])


def only_segment(data_dir: Path) -> Path:
    (found,) = reader.segments(data_dir / "journal")
    return found


def test_a_byte_changed_anywhere_costs_one_record(data_dir: Path) -> None:
    worker = Worker()
    spoilt = 0
    for place in range(3, 500, 23):
        for value in (10, 120):
            emit(log(1), log(2), log(3))
            segment = only_segment(data_dir)
            data = bytearray(segment.read_bytes())
            if place >= len(data) or data[place] == value:
                worker.drain()
                continue
            data[place] = value
            segment.write_bytes(data)
            worker.drain()
            spoilt += 1
            found = status()
            assert (found.quarantined, found.balanced) == (spoilt, True), (place, value)
    worker.close()
    assert spoilt > 20
    assert found.stored == found.emitted - spoilt


def test_a_record_of_a_living_writer_waits_for_the_next_to_be_counted(data_dir: Path) -> None:
    with emitting() as sink:
        sink.emit(log(1))
        drain()
        sink.emit(log(2))
        segment = only_segment(data_dir)
        with segment.open("r+b") as file:
            file.seek(-1, 2)
            file.write(b"x")
        drain()
        found = status()
        assert (found.pending, found.quarantined, found.balanced) == (1, 0, True)
        sink.emit(log(3))
        drain()
        found = status()
        assert (found.pending, found.quarantined, found.balanced) == (0, 1, True)
    drain()
    assert messages() == ["record 1", "record 3"]
    assert status().balanced


def test_a_zeroed_page_is_one_row_that_says_how_many(data_dir: Path) -> None:
    emit(*(log(number) for number in range(100)))
    segment = only_segment(data_dir)
    data = bytearray(segment.read_bytes())
    data[4096:8192] = bytes(4096)
    segment.write_bytes(data)
    drain()
    found = status()
    assert found.quarantined > 10
    assert found.balanced
    ((reason,),) = rows("SELECT reason FROM telemetry_quarantine")
    assert f"({found.quarantined} records)" in str(reason)
