"""Locks where there is no fcntl: msvcrt's, on a byte that no file here reaches."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from telemetry.journal import locks


class FakeMsvcrt(SimpleNamespace):
    """Byte-range locks by file and position, owned by a descriptor, as Windows has them."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self) -> None:
        super().__init__(held={})

    def locking(self, fd: int, mode: int, count: int) -> None:
        place = (os.fstat(fd).st_ino, os.lseek(fd, 0, os.SEEK_CUR), count)
        if mode == self.LK_UNLCK:
            del self.held[place]
        elif self.held.setdefault(place, fd) != fd:
            raise PermissionError(13, "Permission denied")


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    fake = FakeMsvcrt()
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    assert locks.__spec__ is not None
    spec = importlib.util.spec_from_file_location("windows_locks", locks.__spec__.origin or "")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_one_holder_at_a_time_and_positions_stay(windows: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    first, second = os.open(path, os.O_RDWR), os.open(path, os.O_RDWR)
    os.lseek(first, 3, os.SEEK_SET)
    assert windows.try_lock(first)
    assert not windows.try_lock(second)
    assert os.lseek(first, 0, os.SEEK_CUR) == 3
    windows.unlock(first)
    assert windows.try_lock(second)
    os.close(first)
    os.close(second)
