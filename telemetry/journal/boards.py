"""The boards of all processes, as far as they can be read: a damaged one is no process's word."""

from pathlib import Path

from telemetry.journal import board, locks
from telemetry.journal.board import Snapshot

# More records than any process writes: the bytes have changed.
_MOST = 1 << 48


def read(path: Path) -> Snapshot | None:
    """The board of a process, living or dead; None when it is gone, unreadable or damaged."""
    try:
        found = board.read(path)
    except (OSError, ValueError):
        return None
    if found is None or found.emitted >= _MOST or not 0 < found.started < _MOST << 3:
        return None
    return found


def is_alive(path: Path) -> bool:
    """Whether a file's process lives; one that cannot be asked about counts as living."""
    try:
        return locks.is_locked(path)
    except OSError:
        return True
