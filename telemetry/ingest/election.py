"""Who ingests: the holder of one lock. A process that asks is handed it after the next commit."""

import json
import os
import sys
import time
import weakref
from contextlib import suppress
from pathlib import Path

from telemetry.conf import settings
from telemetry.journal import locks

_LOCK = "ingest.lock"
_REQUEST = "ingest.request"
_PAUSES = (0.001, 0.005, 0.01)


class Election:
    """The ingest lock, and a second one that a process holds while it asks for the first."""

    def __init__(self) -> None:
        self._folder: Path = settings.journal_dir
        self._lock = -1
        self._request = -1
        self._waiting = ""

    def acquire(self) -> bool:
        """Take the lock if nobody has it and nobody asks for it."""
        if self._request < 0 and locks.is_locked(self._folder / _REQUEST):
            return False
        fd = self._open(_LOCK)
        if not _take(fd):
            os.close(fd)
            return False
        self._lock = fd
        self._waiting = ""
        _holding.add(self)
        _write_holder(fd)
        return True

    def demand(self, timeout: float) -> bool:
        """Ask the holder to hand over, and take the lock; False when `timeout` seconds pass."""
        self._request = self._open(_REQUEST)
        try:
            end = time.monotonic() + timeout
            while True:
                # Two may ask at once: the one that holds the request goes first.
                if locks.try_lock(self._request) and self.acquire():
                    return True
                if time.monotonic() >= end:
                    return False
                time.sleep(0.05)
        finally:
            os.close(self._request)
            self._request = -1

    def is_asked_to_yield(self) -> bool:
        """Whether another process waits for the lock that we hold."""
        return locks.is_locked(self._folder / _REQUEST)

    def release(self) -> None:
        """Give the lock back."""
        if self._lock >= 0:
            os.ftruncate(self._lock, 0)
            locks.unlock(self._lock)
            os.close(self._lock)
            self._lock = -1

    def _open(self, name: str) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | locks.BINARY
        return os.open(self._folder / name, flags, 0o600)

    def _abandon(self) -> None:
        """In a fork's child: the lock is the parent's, and must end with the parent."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


_holding: weakref.WeakSet[Election] = weakref.WeakSet()


def _after_fork() -> None:
    for election in list(_holding):
        election._abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _take(fd: int) -> bool:
    # Who only asks whether it is held has it for a moment.
    for pause in _PAUSES:
        if locks.try_lock(fd):
            return True
        time.sleep(pause)
    return locks.try_lock(fd)


def holder() -> dict[str, object] | None:
    """{"pid", "since", "command"} of the process that ingests now, and "waiting", or None."""
    path: Path = settings.journal_dir / _LOCK
    if not locks.is_locked(path):
        return None
    try:
        found: dict[str, object] = json.loads(path.read_text() or "{}")
    except (OSError, ValueError):
        # Taken this moment, not described yet.
        found = {}
    return found


def note(waiting: str) -> None:
    """Let `holder` say what this process, the holder, waits for; nothing when it works."""
    for election in list(_holding):
        if election._lock >= 0 and election._waiting != waiting:
            election._waiting = waiting
            try:
                _write_holder(election._lock, waiting)
            except OSError:
                # A full disk: the notice on stderr has it.
                continue


def _write_holder(fd: int, waiting: str = "") -> None:
    words = " ".join([Path(sys.argv[0] or "python").name, *sys.argv[1:2]])
    found = {"pid": os.getpid(), "since": time.time(), "command": words}
    text = json.dumps({**found, "waiting": waiting} if waiting else found).encode()
    # On a full disk it goes without a name: it is ingest that makes room there.
    with suppress(OSError):
        os.ftruncate(fd, 0)
        if hasattr(os, "pwrite"):
            os.pwrite(fd, text, 0)
        else:
            os.lseek(fd, 0, os.SEEK_SET)
            os.write(fd, text)
