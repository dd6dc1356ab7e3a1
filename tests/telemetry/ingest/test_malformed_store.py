"""A malformed store: moved aside, people's rows salvaged, made anew, captured rows read again."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connections

from telemetry.conf import settings
from telemetry.ingest import rebuild, suspicion
from telemetry.ingest.connection import StoreMalformed, StoreUnavailable, path
from telemetry.ingest.worker import Worker
from telemetry.models import Log
from telemetry.queries.status import status
from telemetry.queries.store import StoreUnavailableError, reading
from telemetry.queries.store import rows as store_rows
from tests.telemetry.ingest.helpers import drain, emit, log, messages, rows, unit

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)
RUN = (
    "INSERT INTO telemetry_loadrun (id, first_seen, last_seen, requests, errors, result)"
    " VALUES (?, 1, 2, 7, 1, '{}')"
)


def checkpoint() -> None:
    """Everything is in the main file, and nobody here has it open."""
    rows("PRAGMA wal_checkpoint(TRUNCATE)")
    connections[settings.DATABASE].close()


def middle() -> None:
    data = bytearray(path().read_bytes())
    data[8192:-8192] = b"\xa5" * (len(data) - 16_384)
    path().write_bytes(data)


def header() -> None:
    with path().open("r+b") as file:
        file.write(b"this is no database at all")


def cut() -> None:
    with path().open("r+b") as file:
        file.truncate(path().stat().st_size // 2 + 100)


def schema() -> None:
    with path().open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3_000)


DAMAGE = [middle, header, cut, schema]


@pytest.fixture
def quick(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrating takes seconds; a copy of a store that was migrated does for most tests."""

    def build(target: Path) -> Path:
        connections[settings.DATABASE].close()
        return Path(shutil.copy(own_store, target.with_name(f"{target.name}.building")))

    monkeypatch.setattr(rebuild, "_build", build)


def moved() -> list[Path]:
    return rebuild.moved_aside()


@pytest.mark.parametrize("damage", DAMAGE)
def test_it_is_found_at_the_start(
    damage: Callable[[], None], quick: None, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    emit(*(log(number, message=f"record {number} {'x' * 500}") for number in range(10, 60)))
    drain()
    before = status()
    checkpoint()
    damage()
    emit(log(70))
    worker = Worker()
    worker.drain()
    worker.close()
    assert len(messages()) == 51
    found = status()
    assert (found.stored, found.balanced) == (before.stored + 2, True)
    (aside,) = moved()
    assert str(aside) in capsys.readouterr().err
    assert rows("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("damage", DAMAGE)
def test_it_is_found_while_ingest_has_it_open(
    damage: Callable[[], None], quick: None, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.ingest.worker._RETRY_SECONDS", 0.01)
    worker = Worker()
    emit(*(log(number, message=f"record {number} {'x' * 500}") for number in range(10, 60)))
    worker.drain()
    rows("PRAGMA wal_checkpoint(TRUNCATE)")
    damage()
    emit(*(log(number) for number in range(100, 200)))
    turns = iter(range(20))
    worker.run(lambda: next(turns, None) is None)
    # Ingest may write for ever beside the damage; who reads it tells.
    suspicion.tell()
    connections[settings.DATABASE].close()
    drain()
    assert len(messages()) == 150
    assert status().balanced
    assert rows("PRAGMA quick_check") == [("ok",)]


def test_a_reader_that_meets_damage_makes_ingest_check_the_store(
    quick: None, data_dir: Path
) -> None:
    emit(*(log(number, message=f"record {number} {'x' * 500}") for number in range(10, 90)))
    drain()
    checkpoint()
    data = bytearray(path().read_bytes())
    for at in range(0, len(data), 4096):
        if b"record 30 " in data[at : at + 4096]:
            data[at : at + 4096] = b"\xa5" * 4096
    path().write_bytes(data)
    emit(log(90))
    drain()
    assert moved() == []
    with pytest.raises(StoreUnavailableError, match="python manage"), reading():
        [row.message for row in store_rows(Log)]
    connections[settings.DATABASE].close()
    drain()
    assert len(moved()) == 1
    assert len(messages()) == 81
    assert status().balanced


def test_a_false_alarm_costs_one_check(quick: None, data_dir: Path) -> None:
    emit(log(10))
    suspicion.tell()
    worker = Worker()
    worker.drain()
    suspicion.tell()
    assert not worker._check.due()
    worker.close()
    assert moved() == []
    assert messages() == ["record 10"]


def test_what_people_wrote_is_salvaged_around_the_damage(quick: None, data_dir: Path) -> None:
    with sqlite3.connect(path()) as db:
        db.executemany(RUN, [(f"run-{number:04} {'x' * 900}",) for number in range(300)])
    db.close()
    emit(log(10))
    drain()
    checkpoint()
    # The page with the row, and that of the index with its key.
    data = bytearray(path().read_bytes())
    for at in range(0, len(data), 4096):
        if b"run-0150 " in data[at : at + 4096]:
            data[at : at + 4096] = b"\xa5" * 4096
    path().write_bytes(data)
    moved_to = rebuild.replace_malformed()
    salvaged = rows("SELECT count(*) FROM telemetry_loadrun WHERE result IS NOT NULL")[0][0]
    assert 250 < int(str(salvaged)) < 300
    assert moved_to.exists()
    drain()
    assert messages() == ["record 10"]
    assert status().balanced


def test_counts_of_a_run_whose_requests_are_read_again_are_not_doubled(
    quick: None, data_dir: Path
) -> None:
    import time

    now = time.time_ns() // 1000
    emit(*(unit(n, start=now + n, attributes={"load.run_id": "now"}) for n in range(1, 5)))
    drain()
    with sqlite3.connect(path()) as db:
        db.execute(RUN, ("long ago",))
    db.close()
    connections[settings.DATABASE].close()
    rebuild.replace_malformed()
    drain()
    runs = rows("SELECT id, requests FROM telemetry_loadrun ORDER BY id")
    assert runs == [("long ago", 7), ("now", 4)]


def test_a_file_that_is_sound_when_looked_at_again_stays(
    own_store: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(log(10))
    worker = Worker()
    faults = [sqlite3.DatabaseError("database disk image is malformed")]
    from telemetry.ingest import batch

    advance = batch._advance

    def once(*args: object) -> None:
        if faults:
            raise faults.pop()
        advance(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "_advance", once)
    with pytest.raises(StoreMalformed):
        worker.step()
    worker.drain()
    worker.close()
    assert moved() == []
    assert messages() == ["record 10"]


def test_commands_that_only_read_do_not_replace_it(own_store: Path, data_dir: Path) -> None:
    from telemetry.ingest import drain_if_free

    emit(log(10))
    drain()
    checkpoint()
    header()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            drain_if_free()
    assert moved() == []


def test_without_room_for_a_new_one_it_stays_and_nothing_is_lost(
    own_store: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(log(10))
    drain()
    checkpoint()
    header()
    broken = path().read_bytes()

    def full(*args: object, **options: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(rebuild, "call_command", full)
        emit(log(11))
        with pytest.raises(StoreUnavailable, match="disk is full"):
            drain()
    assert path().read_bytes() == broken
    drain()
    assert messages() == ["record 10", "record 11"]


def test_it_happens_in_a_thread_of_a_web_process_too(own_store: Path, data_dir: Path) -> None:
    emit(log(10))
    drain()
    checkpoint()
    header()
    failed: list[BaseException] = []

    def ingest() -> None:
        try:
            drain()
        except BaseException as error:
            failed.append(error)
        finally:
            connections[settings.DATABASE].close()

    thread = threading.Thread(target=ingest)
    thread.start()
    thread.join()
    assert failed == []
    assert messages() == ["record 10"]


def test_damage_that_only_retention_meets_is_found_too(
    quick: None, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.ingest.worker._RETRY_SECONDS", 0.01)
    monkeypatch.setattr("telemetry.retention.upkeep._EVERY_SECONDS", 0.0)
    emit(log(10))
    sweeps: list[int] = []

    def steps(self: object) -> Iterator[None]:
        sweeps.append(1)
        yield
        if not moved():
            raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr("telemetry.retention.sweep.Sweep.steps", steps)
    worker = Worker()
    worker._upkeep._next = 0
    worker.run(lambda: len(sweeps) > 3)
    assert len(moved()) == 1
    assert messages() == ["record 10"]
