"""What Windows does not have or do: O_CLOEXEC, renaming an open file, bytes written as they are."""

import os
from pathlib import Path
from typing import Any

import pytest

from telemetry.journal import locks
from tests.telemetry.journal import helpers


class Msvcrt:
    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], int] = {}

    def locking(self, fd: int, mode: int, count: int) -> None:
        place = (os.fstat(fd).st_ino, os.lseek(fd, 0, os.SEEK_CUR))
        if mode == self.LK_UNLCK:
            del self.held[place]
        elif self.held.setdefault(place, fd) != fd:
            raise PermissionError(13, "Permission denied")


@pytest.fixture(autouse=True)
def _windows(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise PermissionError(32, "The process cannot access the file: it is being used")

    monkeypatch.delattr(os, "O_CLOEXEC")
    monkeypatch.setattr(os, "O_BINARY", 0, raising=False)
    monkeypatch.setattr(os, "rename", refuse)
    monkeypatch.setattr(locks, "fcntl", None)
    monkeypatch.setattr(locks, "msvcrt", Msvcrt(), raising=False)


def test_records_are_written_locked_and_read(tmp_path: Path) -> None:
    journal = helpers.make(tmp_path)
    assert journal.append(b'"one"')
    (segment,) = tmp_path.glob("*.seg")
    (board,) = tmp_path.glob("*.board")
    assert locks.is_locked(segment)
    assert locks.is_locked(board)
    assert helpers.payloads(tmp_path) == [b'"one"']
    journal.close()
    assert not list(tmp_path.glob("*.tmp"))
