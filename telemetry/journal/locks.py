"""Exclusive file locks that the system releases when their process dies, however it dies."""

import os

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt

# Windows locks are mandatory for the bytes they cover, so cover one that no file here reaches.
_FAR_BYTE = 1 << 40


def try_lock(fd: int) -> bool:
    """Take the exclusive lock on the open file; False when another holder has it."""
    try:
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            _windows(fd, msvcrt.LK_NBLCK)
    except OSError:
        return False
    return True


def unlock(fd: int) -> None:
    """Give the lock back. Closing the last descriptor of the open file does so too."""
    if fcntl is not None:
        fcntl.flock(fd, fcntl.LOCK_UN)
    else:
        _windows(fd, msvcrt.LK_UNLCK)


def is_locked(path: str | os.PathLike[str]) -> bool:
    """Whether a living process holds the lock on the file. A missing file is not locked."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Another descriptor, so a lock of our own process counts as held too.
        return not try_lock(fd)
    finally:
        os.close(fd)


def _windows(fd: int, mode: int) -> None:
    position = os.lseek(fd, 0, os.SEEK_CUR)
    try:
        os.lseek(fd, _FAR_BYTE, os.SEEK_SET)
        msvcrt.locking(fd, mode, 1)  # type: ignore[attr-defined,unused-ignore]
    finally:
        os.lseek(fd, position, os.SEEK_SET)
