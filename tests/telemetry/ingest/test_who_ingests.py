"""One ingests at a time; `manage.py ingest` takes over, and a dead holder is replaced."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.test import override_settings

from telemetry.ingest import drain_if_free, election
from telemetry.ingest.election import Election
from tests.site import ROOT, environment, manage, wait_for
from tests.telemetry.ingest.helpers import emit, log


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with override_settings(TELEMETRY={"DATA_DIR": tmp_path}):
        yield tmp_path


def test_the_lock_has_one_holder_who_is_named(folder: Path) -> None:
    first, second = Election(), Election()
    assert election.holder() is None
    assert first.acquire()
    assert not second.acquire()
    holder = election.holder()
    assert holder is not None
    assert holder["pid"] == os.getpid()
    first.release()
    assert election.holder() is None
    assert second.acquire()
    second.release()


def test_a_demand_is_seen_by_the_holder_and_goes_before_others(folder: Path) -> None:
    import threading

    held, asking, waiting = Election(), Election(), Election()
    assert held.acquire()
    assert not held.is_asked_to_yield()
    got: list[bool] = []
    thread = threading.Thread(target=lambda: got.append(asking.demand(5)))
    thread.start()
    wait_for(held.is_asked_to_yield, 2, "the holder sees the demand")
    # One that only waits does not slip in between.
    held.release()
    while not got:
        assert not waiting.acquire()
    thread.join()
    assert got == [True]
    asking.release()


def test_a_demand_that_is_not_met_ends(folder: Path) -> None:
    held, asking = Election(), Election()
    held.acquire()
    assert not asking.demand(0.1)
    # And does not go on asking.
    assert not held.is_asked_to_yield()
    held.release()


def test_a_command_that_reads_leaves_ingesting_to_who_does(folder: Path) -> None:
    held = Election()
    held.acquire()
    assert drain_if_free() is None
    held.release()


class Process:
    """`manage.py ingest` in a prepared data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "ingest"],
            env=environment(data_dir),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        assert "reading" in self.process.stderr.readline()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        with self.process:
            return self.process.wait(timeout=10)


@pytest.fixture
def prepared(prepared_data_dir: Path, tmp_path: Path) -> Iterator[Path]:
    import shutil

    folder = tmp_path / "data"
    shutil.copytree(prepared_data_dir, folder)
    with override_settings(TELEMETRY={"DATA_DIR": folder}):
        yield folder


def test_the_later_ingester_takes_over_and_the_earlier_stands_by(prepared: Path) -> None:
    first = Process(prepared)
    second = Process(prepared)
    holder = election.holder()
    assert holder is not None
    assert holder["pid"] == second.process.pid
    # The first goes on when the second is gone, however it went.
    second.end(signal.SIGKILL)
    wait_for(
        lambda: (election.holder() or {}).get("pid") == first.process.pid, 5, "the first is back"
    )
    assert first.end() == 0
    assert election.holder() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_quickly(number: signal.Signals, prepared: Path) -> None:
    running = Process(prepared)
    began = time.monotonic()
    assert running.end(number) == 0
    assert time.monotonic() - began < 2


def test_once_reads_what_is_there_and_says_how_much(prepared: Path) -> None:
    emit(log(1), log(2))
    done = manage("ingest", "--once", env=environment(prepared))
    assert done.returncode == 0, done.stderr
    # Other commands of the preparation have left records too.
    assert int(done.stdout.split()[0]) >= 3
    done = manage("ingest", "--once", env=environment(prepared))
    assert done.stdout.startswith("0 records")


def test_without_a_store_it_says_what_to_run_and_loses_nothing(folder: Path) -> None:
    emit(log(1))
    done = manage("ingest", "--once", env=environment(folder))
    assert done.returncode == 1
    assert "Run: python manage.py migrate --database telemetry" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((folder / "journal").glob("*.seg"))) == 1


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="the system has no idle scheduling")
def test_the_command_sits_in_the_back_ingests_there_and_ends(prepared: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND],
        env=environment(prepared),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        tasks = Path(f"/proc/{process.pid}/task")

        def in_the_back() -> bool:
            found = [int(task.name) for task in tasks.iterdir()]
            return os.SCHED_IDLE in map(os.sched_getscheduler, found)

        # Found waiting it would sit in front for a moment: a machine that tests is a busy one.
        wait_for(in_the_back, 20, "a thread in the back")
        emit(log(1), log(2))
        wait_for(lambda: _stored(prepared) == 2, 20, "both are stored")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def _stored(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "telemetry.sqlite3")) as db:
        (found,) = db.execute(
            "SELECT count(*) FROM telemetry_log WHERE message LIKE 'record _'"
        ).fetchone()
    return int(found)


_COMMAND = """
import django
django.setup()
from django.core.management import call_command
from telemetry.ingest import seats
seats.LOOK_SECONDS = 0.1
call_command("ingest")
"""
