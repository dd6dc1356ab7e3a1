"""emitted = stored + quarantined + pending + Σ dropped, at rest and when it breaks."""

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings

from telemetry.ingest import election
from telemetry.ingest.election import Election
from telemetry.journal import reader
from telemetry.queries.status import status
from tests.telemetry.ingest.helpers import drain, emit, emitting, log

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])
KEYS = set(
    "emitted stored quarantined pending dropped lag_seconds files missing gaps waiting unreadable"
    " malformed next_step".split()
)


def as_json() -> dict[str, object]:
    out = StringIO()
    call_command("telemetry_status", "--json", stdout=out)
    found: dict[str, object] = json.loads(out.getvalue())
    return found


def test_nothing_yet_holds(data_dir: Path) -> None:
    found = as_json()
    assert found.keys() >= KEYS
    assert found["emitted"] == 0


def test_what_waits_is_counted_and_says_what_to_run(data_dir: Path) -> None:
    emit(log(1), log(2))
    found = status()
    assert (found.emitted, found.pending, found.balanced) == (3, 3, True)
    assert found.lag_seconds > 0
    assert found.hint == "python manage.py ingest"
    drain()
    found = status()
    assert (found.stored, found.pending, found.lag_seconds) == (3, 0, 0)


def test_dropped_records_are_counted_by_reason_alive_and_dead(data_dir: Path) -> None:
    with emitting() as sink:
        sink.emit(log(1))
        sink.journal.drop("too_large")
        assert status().dropped == {"too_large": 1}
        assert status().balanced
    drain()
    found = status()
    assert (found.emitted, found.stored, found.dropped) == (3, 2, {"too_large": 1})
    assert found.balanced


def test_a_segment_removed_by_hand_breaks_the_equation(data_dir: Path) -> None:
    with emitting() as sink:
        sink.emit(log(1))
        drain()
        for number in range(5):
            sink.emit(log(number))
        (segment,) = reader.segments(data_dir / "journal")
        segment.unlink()
        assert status().emitted - status().accounted == 5
    drain()
    # And it stays told after the process is gone.
    assert status().emitted - status().accounted == 5
    with pytest.raises(SystemExit) as ended:
        call_command("telemetry_status", stdout=(out := StringIO()))
    assert ended.value.code == 1
    assert "DOES NOT HOLD: +5" in out.getvalue()
    # Whose they were, in which file, and what to do.
    (gap,) = status().gaps
    assert (gap.writer, gap.pid, gap.records) == (sink.journal.writer, os.getpid(), 5)
    assert gap.segments == [segment.name]
    assert f"(pid {os.getpid()}) lacks 5 records: {segment.name}" in out.getvalue()
    assert f"Put {segment.name} back into" in out.getvalue()
    found = failing_json()
    assert (found["missing"], found["balanced"]) == (5, False)
    assert found["gaps"] == [gap.as_dict()]


def failing_json() -> dict[str, object]:
    with pytest.raises(SystemExit):
        call_command("telemetry_status", "--json", stdout=(out := StringIO()))
    found: dict[str, object] = json.loads(out.getvalue())
    return found


def test_a_segment_that_is_put_back_mends_it(data_dir: Path) -> None:
    with emitting() as sink:
        sink.emit(log(1))
        drain()
        sink.emit(log(2))
        (segment,) = reader.segments(data_dir / "journal")
        elsewhere = segment.rename(data_dir / segment.name)
        drain()
        assert status().missing == 1
    drain()
    assert [each.segments for each in status().gaps] == [[segment.name]]
    elsewhere.rename(segment)
    drain()
    assert status().balanced
    assert status().gaps == []


def test_segments_that_were_never_seen_are_named_by_their_numbers(data_dir: Path) -> None:
    with (
        override_settings(TELEMETRY={"DATA_DIR": data_dir, "SEGMENT_BYTES": 300}),
        emitting() as sink,
    ):
        for number in range(20):
            sink.emit(log(number))
        middle = reader.segments(data_dir / "journal")[1:3]
        for path in middle:
            path.unlink()
    drain()
    (gap,) = status().gaps
    assert gap.segments == [path.name for path in middle]
    assert gap.records == status().missing > 1


def test_the_gap_of_one_process_is_not_anothers(data_dir: Path) -> None:
    emit(log(1), log(2))
    (lost,) = reader.segments(data_dir / "journal")
    lost.unlink()
    emit(log(3))
    drain()
    (gap,) = status().gaps
    assert (gap.writer, gap.records) == (lost.name[:32], 3)


def test_what_ingest_waits_for_is_said(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emit(log(1))
    holder = Election()
    assert holder.acquire()
    try:
        election.note("the disk is full")
        assert status().waiting == "the disk is full"
        assert status().next_step == "Ingest waits for the store: the disk is full"
        election.note("")
        assert status().waiting == ""
    finally:
        holder.release()
