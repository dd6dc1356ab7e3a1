"""A program that goes on in other processes after its first record.

`python -m tests.telemetry.faults.forks KIND`, KIND being fork, threads, fork-of-fork, or a start
method of multiprocessing. Its processes emit streams of ten records each.
"""

import multiprocessing
import os
import sys
import threading
from pathlib import Path
from typing import Any

COUNT = 10


def emit(stream: str, first: int = 0) -> None:
    """Ten records of a stream, from `first` on."""
    import django

    django.setup()
    from tests.telemetry.faults import payload
    from tests.telemetry.faults.ledger import Note

    note = Note(Path(os.environ["FAULTS_DIR"]) / "notes", stream)
    for number in range(first, first + COUNT):
        payload.emit(stream, number)
        note.accepted(number + 1)


def fork(deep: int) -> None:
    """A child, its child, and so on; each process emits before and after."""
    emit(f"fork-{deep}")
    if deep:
        child = os.fork()
        if child == 0:
            fork(deep - 1)
            os._exit(0)
        emit(f"fork-{deep}", COUNT)
        assert os.waitpid(child, 0)[1] == 0


def busy(stopped: threading.Event) -> None:
    """Emits without end: a fork then comes in the middle of a record."""
    number = 0
    while not stopped.is_set():
        emit("busy", number)
        number += COUNT


def fork_beside_threads() -> None:
    """Forks while another thread is writing."""
    emit("parent")
    stopped = threading.Event()
    thread = threading.Thread(target=busy, args=(stopped,))
    thread.start()
    for number in range(10):
        child = os.fork()
        if child == 0:
            emit(f"child-{number}")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    stopped.set()
    thread.join()


def by_multiprocessing(method: str) -> None:
    """Two processes of the standard library's own."""
    emit("parent")
    context: Any = multiprocessing.get_context(method)
    children = [context.Process(target=emit, args=(f"child-{number}",)) for number in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    emit("parent", COUNT)


if __name__ == "__main__":
    kind = sys.argv[1]
    if kind == "threads":
        fork_beside_threads()
    elif kind.isdecimal():
        fork(int(kind))
    else:
        by_multiprocessing(kind)
