"""The rotated JSON log files: every record once, whatever happens between write and commit."""

import gzip
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.test import override_settings

from telemetry.capture.sink import JournalSink
from telemetry.ingest.connection import StoreUnavailable
from telemetry.ingest.rows import Rows
from telemetry.ingest.worker import Worker
from telemetry.journal import events
from tests.telemetry.ingest.helpers import unit

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    with override_settings(TELEMETRY={"DATA_DIR": tmp_path, "LOG_FILE_BYTES": 2_000}):
        yield tmp_path


def log(number: int, level: int = 20) -> events.LogMade:
    return events.LogMade(
        uid="01a20aeb29816cc5d540a0833f89d723",
        time=1_795_479_513_000_000 + number,
        level=level,
        logger="payments",
        route="pay/<id>/",
        message=f"record {number}",
        template="record %s",
        code="payments/views.py:12 pay",
        attributes={"amount": number},
    )


def emit(*records: events.Event) -> None:
    sink = JournalSink()
    for record in records:
        sink.emit(record)
    sink.journal.close()


def drain() -> None:
    worker = Worker()
    try:
        worker.drain()
    finally:
        worker.close()


def read(data_dir: Path, name: str) -> list[dict[str, Any]]:
    """Every line of a log file and of its rotated predecessors, oldest first."""
    rotated = sorted((data_dir / "logs").glob(f"{name}-*.jsonl.gz"))
    text = "".join(gzip.decompress(path.read_bytes()).decode() for path in rotated)
    current = data_dir / "logs" / f"{name}.jsonl"
    text += current.read_text() if current.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def numbers(data_dir: Path, name: str = "app") -> list[int]:
    return sorted(line["attributes"]["amount"] for line in read(data_dir, name))


def test_a_record_has_open_telemetrys_names(data_dir: Path) -> None:
    emit(log(1))
    drain()
    (line,) = read(data_dir, "app")
    resource = line.pop("resource")
    assert resource["process.pid"] > 0
    assert line == {
        "timestamp": "2026-11-24T00:18:33.000001Z",
        "severity_text": "INFO",
        "severity_number": 9,
        "body": "record 1",
        "trace_id": "01a20aeb29816cc5d540a0833f89d723",
        "span_id": "d540a0833f89d723",
        "attributes": {
            "otel.scope.name": "payments",
            "code.file.path": "payments/views.py",
            "code.line.number": 12,
            "code.function.name": "pay",
            "http.route": "pay/<id>/",
            "log.record.template": "record %s",
            "amount": 1,
        },
    }


def test_a_record_has_what_was_bound_beside_its_own_which_wins(data_dir: Path) -> None:
    record = msgspec.structs.replace(log(1), bound={"order": 7, "amount": 99}, weight=8.0)
    emit(record, record)
    drain()
    for line in read(data_dir, "app"):
        kept = {name: line["attributes"][name] for name in ("order", "amount", "sampling.weight")}
        assert kept == {"order": 7, "amount": 1, "sampling.weight": 8.0}


def test_a_request_has_what_has_a_column_of_its_own(data_dir: Path) -> None:
    given = {"transaction.id": "t-1", "payment.outcome": "paid"}
    emit(
        unit(
            1,
            attributes=given,
            client_address="203.0.113.0",
            user_agent="curl/8",
            request_size=0,
            response_size=812,
            overhead=61,
            repeated=events.Repeated("SELECT 1", 12, 3_400, "shop/views.py:12 pay"),
        )
    )
    drain()
    (line,) = read(data_dir, "app")
    expected = {
        **given,
        "client.address": "203.0.113.0",
        "user_agent.original": "curl/8",
        "http.request.body.size": 0,
        "http.response.body.size": 812,
        "telemetry.overhead": 61e-6,
        "db.repeated.query.text": "SELECT 1",
        "db.repeated.query_count": 12,
        "db.repeated.time": 0.0034,
        "db.repeated.code": "shop/views.py:12 pay",
    }
    assert {name: line["attributes"].get(name) for name in expected} == expected


def test_error_jsonl_has_error_and_above_only(data_dir: Path) -> None:
    emit(log(1, 10), log(2, 20), log(3, 30), log(4, 40), log(5, 50))
    drain()
    assert numbers(data_dir, "app") == [1, 2, 3, 4, 5]
    assert numbers(data_dir, "error") == [4, 5]


def test_what_was_written_and_not_committed_is_cut_off_at_restart(data_dir: Path) -> None:
    emit(log(1))
    drain()
    with (data_dir / "logs" / "app.jsonl").open("a") as file:
        file.write('{"attributes": {"amount": 99}}\n{"torn')
    emit(log(2))
    drain()
    assert numbers(data_dir) == [1, 2]


def test_a_batch_that_rolls_back_leaves_no_line(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(log(1))
    worker = Worker()
    worker.drain()
    emit(log(2))

    append = worker._files.append

    def fail(*args: Any) -> None:
        append(*args)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(worker._files, "append", fail)
    with pytest.raises(StoreUnavailable):
        worker.step()
    assert numbers(data_dir) == [1]
    monkeypatch.undo()
    worker.drain()
    worker.close()
    assert numbers(data_dir) == [1, 2]


def test_a_refused_record_does_not_double_its_neighbours(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Rows.add

    def refuse(self: Rows, event: events.Event, process: int) -> None:
        if isinstance(event, events.LogMade) and event.message == "record 3":
            raise sqlite3.IntegrityError("poison")
        add(self, event, process)

    monkeypatch.setattr(Rows, "add", refuse)
    emit(*(log(number) for number in range(1, 6)))
    drain()
    assert numbers(data_dir) == [1, 2, 4, 5]


def test_files_rotate_by_size_are_compressed_and_lose_nothing(data_dir: Path) -> None:
    for number in range(40):
        emit(log(number))
        drain()
    assert numbers(data_dir) == list(range(40))
    assert len(list((data_dir / "logs").glob("app-*.jsonl.gz"))) > 3
    assert list((data_dir / "logs").glob("app-*.jsonl")) == []


def test_rotated_files_beyond_the_limit_are_removed(data_dir: Path) -> None:
    limited = {"DATA_DIR": data_dir, "LOG_FILE_BYTES": 1, "LOG_FILES_KEEP": 2}
    with override_settings(TELEMETRY=limited):
        for number in range(6):
            emit(log(number))
            drain()
    assert len(list((data_dir / "logs").glob("app-*.jsonl.gz"))) == 2


def test_a_crash_after_rotation_and_before_commit_loses_and_doubles_nothing(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(*(log(number) for number in range(10)))
    drain()
    worker = Worker()
    emit(log(10))
    append = worker._files.append

    def crash(*args: Any) -> None:
        append(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(worker._files, "append", crash)
    # What a rollback does in memory does not happen in a process that is killed.
    monkeypatch.setattr(worker._files, "rollback", lambda: None)
    with pytest.raises(KeyboardInterrupt):
        worker.step()
    worker.close()
    drain()
    assert numbers(data_dir) == list(range(11))


def test_without_log_files_nothing_is_written(data_dir: Path) -> None:
    with override_settings(TELEMETRY={"DATA_DIR": data_dir, "LOG_FILES": False}):
        emit(log(1))
        drain()
    assert not (data_dir / "logs").exists()


def test_a_crash_at_the_very_first_line_doubles_nothing(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(log(1))
    worker = Worker()
    append = worker._files.append

    def crash(*args: Any) -> None:
        append(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(worker._files, "append", crash)
    monkeypatch.setattr(worker._files, "rollback", lambda: None)
    with pytest.raises(KeyboardInterrupt):
        worker.step()
    worker.close()
    drain()
    assert numbers(data_dir) == [1]


def test_a_file_begun_under_a_clock_that_was_ahead_ages_from_now_on(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: right() + 365 * 86_400 * 10**9)
    emit(log(1))
    drain()
    monkeypatch.undo()
    hour = {"DATA_DIR": data_dir, "LOG_FILE_HOURS": 1}
    with override_settings(TELEMETRY=hour):
        worker = Worker()
        emit(log(2))
        worker.drain()
        assert rotated(data_dir) == []
        for file in worker._files._files.values():
            file._since -= 3_601
        emit(log(3))
        worker.drain()
        worker.close()
    assert len(rotated(data_dir)) == 1
    assert numbers(data_dir) == [1, 2, 3]


def test_the_newest_files_stay_when_the_clock_goes_back(data_dir: Path) -> None:
    folder = data_dir / "logs"
    folder.mkdir()
    old = folder / "app-20990101T000000.000000Z.jsonl.gz"
    old.write_bytes(gzip.compress(b""))
    limited = {"DATA_DIR": data_dir, "LOG_FILE_BYTES": 1, "LOG_FILES_KEEP": 3}
    with override_settings(TELEMETRY=limited):
        for number in range(5):
            emit(log(number))
            drain()
    # What was closed last is last by name, and the one from another time went first.
    assert not old.exists()
    assert numbers(data_dir) == [1, 2, 3, 4]


def rotated(data_dir: Path) -> list[Path]:
    return list((data_dir / "logs").glob("app-*"))


def test_the_notes_beside_the_files_stay_small_and_survive_a_cut(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.ingest.logmarks._MOST_BYTES", 1_000)
    for number in range(20):
        emit(log(number))
        drain()
    notes = data_dir / "logs" / ".committed"
    assert notes.stat().st_size < 2_000
    with notes.open("a") as file:
        file.write("F app 12")
    emit(log(20))
    drain()
    assert numbers(data_dir) == list(range(21))
