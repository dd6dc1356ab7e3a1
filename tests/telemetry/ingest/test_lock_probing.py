"""Asking who holds a lock disturbs nobody, and a fork does not keep one alive."""

import fcntl
import os
import threading
import time
from pathlib import Path

import pytest

from telemetry.conf import settings
from telemetry.ingest.election import Election, holder
from telemetry.journal import locks

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


@pytest.fixture
def folder(data_dir: Path) -> Path:
    settings.journal_dir.mkdir(parents=True, exist_ok=True)
    return settings.journal_dir


def probe(path: Path) -> int:
    """What `is_locked` does, stopped half way."""
    path.touch()
    fd = os.open(path, os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return fd


def test_two_that_ask_at_once_do_not_see_each_other(tmp_path: Path) -> None:
    fd = probe(tmp_path / "file")
    try:
        assert not locks.is_locked(tmp_path / "file")
    finally:
        os.close(fd)


def test_asking_from_many_threads_never_looks_like_a_holder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    end = time.monotonic() + 0.3
    wrong: list[bool] = []

    def ask() -> None:
        while time.monotonic() < end:
            if locks.is_locked(path):
                wrong.append(True)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_lock_is_taken_while_somebody_asks_who_holds_it(folder: Path) -> None:
    fd = probe(folder / "ingest.lock")
    threading.Timer(0.004, os.close, [fd]).start()
    election = Election()
    assert election.acquire()
    election.release()


def test_a_fork_of_the_holder_neither_holds_nor_gives_back_the_lock(folder: Path) -> None:
    election = Election()
    assert election.acquire()
    ready, go_on = os.pipe(), os.pipe()
    if (child := os.fork()) == 0:
        os.write(ready[1], b"x")
        os.read(go_on[0], 1)
        os._exit(0)
    try:
        os.read(ready[0], 1)
        assert holder() is not None
        assert not Election().acquire()
        # As the system does when the holder is killed: no unlock, its descriptor is closed.
        os.close(election._lock)
        election._lock = -1
        after = Election()
        assert after.acquire()
        after.release()
    finally:
        os.write(go_on[1], b"x")
        os.waitpid(child, 0)
        for fd in (*ready, *go_on):
            os.close(fd)
