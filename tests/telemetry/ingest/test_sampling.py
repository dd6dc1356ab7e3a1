"""What ingest looks at by itself: boards of processes that live and are killed, files, its lag."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone
from django_q.models import OrmQ

from telemetry.conf import settings
from telemetry.ingest import builtin, sampling
from telemetry.ingest.connection import Store, StoreUnavailable
from telemetry.ingest.connection import path as store_path
from telemetry.ingest.sampling import Own, Sampler, processes, queues, readings
from telemetry.ingest.sampling.readings import Ledger, Reading
from telemetry.ingest.worker import Worker
from tests.site import wait_for
from tests.telemetry.ingest.built_in import answering, did, newest
from tests.telemetry.ingest.helpers import emit, emitting, log, uid

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "telemetry"])


@pytest.fixture
def worker(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """An ingest that looks at everything with each of its steps."""
    monkeypatch.setattr(sampling, "_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(sampling, "_WIDE_SECONDS", 0.0)
    monkeypatch.setattr(queues.QueueDepth, "readings", lambda self: [])
    found = Worker()
    yield found
    found.close()


def test_requests_in_flight_in_total_and_by_process_right_after_a_kill(
    worker: Worker, data_dir: Path
) -> None:
    first, second = answering(data_dir), answering(data_dir)
    try:
        worker.drain()
        worker.step()
        # Of two running requests in each process one is telemetry's own.
        assert newest(builtin.ACTIVE) == {(): 2}
        assert newest(builtin.ACTIVE_BY_PROCESS) == {("-c", "1"): 1, ("-c", "2"): 1}
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        worker.step()
        assert newest(builtin.ACTIVE) == {(): 1}
        assert newest(builtin.ACTIVE_BY_PROCESS) == {("-c", "1"): 0, ("-c", "2"): 1}
        # Whoever comes next takes the number that is free.
        first = answering(data_dir)
        worker.drain()
        worker.step()
        assert newest(builtin.ACTIVE_BY_PROCESS) == {("-c", "1"): 1, ("-c", "2"): 1}
    finally:
        for process in (first, second):
            process.kill()
            process.wait()


def test_the_share_of_busy_threads_is_that_of_processes_that_say_how_many_they_have(
    worker: Worker, data_dir: Path
) -> None:
    told, silent = answering(data_dir, threads=8), answering(data_dir)
    try:
        worker.drain()
        worker.step()
        # Telemetry's own page keeps a thread, too.
        assert newest(builtin.THREADS) == {(): 8}
        assert newest(builtin.BUSY_THREADS) == {(): 2}
        assert newest(builtin.BUSY_SHARE) == {(): 0.25}
    finally:
        for process in (told, silent):
            process.kill()
            process.wait()


def test_without_a_word_of_capacity_there_is_no_share(worker: Worker, data_dir: Path) -> None:
    with emitting() as sink:
        sink.emit(log(1))
        sink.board.enter(1, bytes.fromhex(uid(1)), 1, "GET", "/")
        worker.drain()
        worker.step()
    assert newest(builtin.ACTIVE) == {(): 1}
    assert newest(builtin.BUSY_SHARE) == {}


BURNER = """
import os, sys, time
from telemetry.journal.board import Board
from pathlib import Path
board = Board(Path(sys.argv[1]))
files = [open(os.devnull) for _ in range(100)]
burnt = bytearray(64 << 20)
end = time.process_time() + 1
while time.process_time() < end:
    sum(range(100_000))
print("burnt", flush=True)
for line in sys.stdin:
    end = time.process_time() + 1
    while time.process_time() < end:
        sum(range(100_000))
    print("burnt", flush=True)
"""


def test_a_process_is_measured_from_outside(worker: Worker, data_dir: Path) -> None:
    board = data_dir / "journal" / f"{'ab' * 16}.board"
    board.parent.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", BURNER, str(board)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdout.readline()
            worker.step()
            process.stdin.write("again\n")
            process.stdin.flush()
            process.stdout.readline()
            worker.step()
        finally:
            process.kill()
    key = ("new", "1")
    assert newest(builtin.MEMORY)[key] > 64 << 20
    assert newest(builtin.OPEN_FILES)[key] > 100
    assert newest(builtin.PROCESS_THREADS)[key] == 1
    burnt = {tuple(labels.values()): total for labels, _, total in did(builtin.CPU_TIME)}
    # Counted from the first look on.
    assert 0.9 < burnt["user", *key] < 1.9
    # Ingest itself is among them.
    assert newest(builtin.MEMORY)["ingest", "1"] > 1 << 20


def test_a_number_that_another_process_has_now_is_not_the_boards(worker: Worker) -> None:
    with emitting() as sink:
        sink.emit(log(1))
        board = sink.journal.board.snapshot()
        labels = (("role", "web"), ("worker", "1"))
        found = processes.Processes()
        earlier = type(board)(**{**vars(board), "pid": os.getppid(), "started": 1_000_000})
        same = type(board)(**{**vars(board), "pid": os.getpid()})
        of_web = [
            one for one in found.readings({earlier.pid: (earlier, labels)}) if one.labels == labels
        ]
        assert of_web == []
        assert {one.labels for one in found.readings({same.pid: (same, labels)})} == {labels}


def test_without_psutil_all_else_is_looked_at(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "psutil", None)
    emit(log(1))
    worker.drain()
    worker.step()
    assert newest(builtin.MEMORY) == {}
    assert newest(builtin.ACTIVE) == {(): 0}
    assert newest(builtin.WAITING) == {(): 0}


def test_sizes_of_the_stores_files(own_store: Path, worker: Worker) -> None:
    emit(*(log(number, message="x" * 500) for number in range(2_000)))
    worker.drain()
    worker.step()
    store = store_path()
    wal = store.with_name(f"{store.name}-wal")
    found = newest(builtin.FILE_SIZE)
    assert found["store", "main"] == pytest.approx(store.stat().st_size, rel=0.5)
    assert found["store", "wal"] == pytest.approx(wal.stat().st_size, rel=0.5)
    assert found["store", "wal"] > 100_000


def test_a_wait_for_the_write_lock_is_timed(own_store: Path) -> None:
    own = Own()
    store = Store(own=own)
    store.reading().execute("PRAGMA busy_timeout=20000")
    with closing(
        sqlite3.connect(store_path(), isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.2, other.execute, ["COMMIT"])
        release.start()
        with store.transaction():
            pass
        release.join()
        (waited,) = [one for one in own.take() if one.name == builtin.BUSY_WAIT]
        assert dict(waited.labels) == {"database": "store", "outcome": "acquired"}
        assert waited.value > 0.05
        with store.transaction():
            pass
        assert len(own.take()) == 1
        other.execute("BEGIN IMMEDIATE")
        store.reading().execute("PRAGMA busy_timeout=10")
        with pytest.raises(StoreUnavailable), store.transaction():
            pass
        assert [dict(one.labels)["outcome"] for one in own.take()] == ["acquired", "failed"]
        assert store.reading().execute("PRAGMA busy_timeout").fetchone() == (10,)
    store.close()


def test_checkpoints_are_timed_and_say_what_a_reader_holds_back(
    own_store: Path, worker: Worker
) -> None:
    emit(log(1))
    worker.drain()
    worker._sampler._checkpoints._next = 0
    with closing(sqlite3.connect(store_path(), isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM telemetry_log").fetchone()
        emit(*(log(number) for number in range(2, 200)))
        worker.drain()
        worker._sampler._checkpoints._next = 0
        worker.step()
        assert newest(builtin.HELD_PAGES)["store",] > 0
    emit(log(1_000))
    worker.drain()
    worker._sampler._checkpoints._next = 0
    worker.step()
    worker.step()
    assert newest(builtin.HELD_PAGES) == {("store",): 0}
    ((labels, count, total),) = did(builtin.CHECKPOINT)
    assert labels == {"database": "store", "mode": "passive"}
    assert count >= 3
    assert total > 0


def test_what_waits_and_for_how_long(worker: Worker, data_dir: Path) -> None:
    with emitting() as sink:
        sink.emit(log(1, time=time.time_ns() // 1000 - 90_000_000))
        sink.emit(log(2, time=time.time_ns() // 1000))
        _look(worker)
        # The segment's first record says who writes it.
        assert newest(builtin.WAITING) == {(): 3}
        worker.drain()
        _look(worker)
        assert newest(builtin.WAITING) == {(): 0}
        assert newest(builtin.LAG) == {(): 0}
        sink.emit(log(3, time=time.time_ns() // 1000 - 90_000_000))
        _look(worker)
        assert newest(builtin.WAITING) == {(): 1}
        assert 90 <= newest(builtin.LAG)[()] < 900


def test_batches_are_counted_and_timed_with_their_commits(worker: Worker) -> None:
    emit(*(log(number) for number in range(10)))
    worker.drain()
    worker.step()
    ((_, batches, seconds),) = did(builtin.BATCH)
    assert batches == 1
    assert seconds > 0
    assert did(builtin.INGESTED) == [({}, 1, 11)]
    ((labels, commits, _),) = did(builtin.COMMIT)
    assert labels == {"database": "store"}
    assert commits >= 2


def test_tasks_that_wait_in_django_q2s_queue(data_dir: Path) -> None:
    key = queues.ask().labels[0][1]
    for _ in range(3):
        OrmQ.objects.create(key=key, payload="x", lock=timezone.now())
    # One that a worker has taken, and one of another cluster.
    OrmQ.objects.create(key=key, payload="x", lock=timezone.now() + timezone.timedelta(hours=1))
    OrmQ.objects.create(key="another", payload="x", lock=timezone.now())
    assert queues.ask() == (builtin.QUEUE_DEPTH, (("queue", key),), 3)


def test_the_queue_is_asked_beside_ingest(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered, asked = threading.Event(), threading.Event()

    def slow() -> Reading:
        asked.set()
        assert answered.wait(30)
        return Reading(builtin.QUEUE_DEPTH, (("queue", "q"),), 7)

    monkeypatch.setattr(queues, "ask", slow)
    depth = queues.QueueDepth()
    assert depth.readings() == []
    assert asked.wait(30)
    # A broker that does not answer is waited for by nobody, and not asked again meanwhile.
    assert depth.readings() == []
    answered.set()
    found = wait_for(depth.readings, 30, "the answer")
    assert [one.value for one in found] == [7]


def test_a_queue_that_cannot_be_asked_is_said(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> Reading:
        raise ConnectionError("no broker there")

    monkeypatch.setattr(queues, "ask", failing)
    monkeypatch.setattr("telemetry.ingest.notices._last", {})
    depth = queues.QueueDepth()
    depth.readings()
    assert depth._thread is not None
    depth._thread.join(30)
    assert "queue cannot be asked: ConnectionError: no broker there" in capsys.readouterr().err


def test_an_idle_site_writes_nothing_between_two_signs_of_life(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What this process itself uses changes while it looks.
    monkeypatch.setattr(processes, "psutil", None)
    emit(log(1))
    worker.drain()
    for _ in range(3):
        worker.step()
    db = connections[settings.DATABASE].connection
    before = db.total_changes
    for _ in range(20):
        worker.step()
    assert db.total_changes == before
    monkeypatch.setattr(readings, "SIGN_OF_LIFE", 0.0)
    worker.step()
    assert db.total_changes > before


def test_a_file_that_grows_by_what_is_written_of_it_is_not_written_again() -> None:
    ledger = Ledger()

    def size(value: int) -> list[Reading]:
        return ledger.news([Reading(builtin.FILE_SIZE, (("file", "wal"),), value)])

    assert size(140_112)
    assert not any(size(140_112 + 12_360 * number) for number in range(1, 20))
    assert size(140_112 + 300_000)
    assert not size(140_112 + 300_000)


def test_what_moves_by_the_second_is_written_until_it_rests() -> None:
    ledger = Ledger()
    busy, idle = Reading(builtin.ACTIVE, (), 3), Reading(builtin.ACTIVE, (), 0)
    depth = Reading(builtin.QUEUE_DEPTH, (), 3)
    assert [ledger.news([each]) != [] for each in (busy, busy, idle, idle)] == [True] * 4
    assert [ledger.news([each]) != [] for each in (depth, depth)] == [True, False]
    ledger.forget()
    assert ledger.news([depth]) == [depth]


def test_a_look_that_was_not_stored_is_stored_by_the_next(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit(log(1))
    worker.drain()
    record = Sampler.record

    def failing(self: Sampler, *args: object) -> None:
        record(self, *args)  # type: ignore[arg-type]
        monkeypatch.setattr(Sampler, "record", record)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Sampler, "record", failing)
    with pytest.raises((sqlite3.Error, StoreUnavailable)):
        worker.step()
    worker.step()
    worker.step()
    assert newest(builtin.ACTIVE) == {(): 0}
    assert [count for _, count, _ in did(builtin.BATCH)] == [1]


def _look(worker: Worker) -> None:
    """A look without reading what waits."""
    worker._end_processes()
