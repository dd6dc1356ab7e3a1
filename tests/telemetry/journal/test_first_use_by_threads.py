"""Threads that meet at a process's first record share one writer, one board, one sink."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telemetry.capture import sink
from telemetry.journal import writer
from tests.telemetry.journal import helpers


def together(act: Callable[[], Any], count: int = 8) -> list[Any]:
    barrier = threading.Barrier(count)
    found: list[Any] = []

    def run() -> None:
        barrier.wait()
        found.append(act())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_they_share_one_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = writer.Board

    def slow(path: Path | None) -> Any:
        import time

        time.sleep(0.02)
        return original(path)

    monkeypatch.setattr(writer, "Board", slow)
    journal = helpers.make(tmp_path)
    boards = together(lambda: journal.board)
    assert len({id(board) for board in boards}) == 1
    assert len(list(tmp_path.glob("*.board"))) == 1
    journal.close()


def test_they_share_one_sink(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(sink.NullSink):
        def __init__(self) -> None:
            import time

            time.sleep(0.02)
            super().__init__()

    monkeypatch.setattr(sink, "NullSink", Slow)
    before = sink.replace(None)
    try:
        assert len({id(found) for found in together(sink.current)}) == 1
    finally:
        sink.replace(before)
