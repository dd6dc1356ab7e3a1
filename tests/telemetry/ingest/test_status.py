"""emitted = stored + quarantined + pending + Σ dropped, at rest and when it breaks."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from telemetry.journal import reader
from telemetry.queries.status import status
from tests.telemetry.ingest.helpers import drain, emit, emitting, log

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])
KEYS = {"emitted", "stored", "quarantined", "pending", "dropped", "lag_seconds", "files"}


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
