"""Exclusive file locks that the system releases when their process dies, however it dies."""

import errno
import os
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt

# Windows locks are mandatory for the bytes they cover, so cover one that no file here reaches.
_FAR_BYTE = 1 << 40
# Windows would translate line feeds otherwise.
BINARY: int = getattr(os, "O_BINARY", 0)


def create(path: Path, flags: int, content: bytes = b"") -> int:
    """Make a file of mode 0600 that is locked, and has its content, once it has its name.

    Returns the descriptor, opened with `flags`; raises OSError, and then no file is left.
    """
    draft = path.with_suffix(".tmp")
    if fcntl is None:
        # Windows cannot rename an open file: there the file is without its lock for a moment.
        draft = path
    fd = -1
    try:
        fd = os.open(draft, flags | os.O_CREAT | os.O_EXCL | BINARY, 0o600)
        try_lock(fd)
        if content and os.write(fd, content) != len(content):
            raise OSError(errno.ENOSPC, "short write")
        if draft != path:
            os.rename(draft, path)
    except FileExistsError:
        # Somebody else's: a signal handler that logs comes between any two lines.
        raise
    except BaseException:
        discard(fd, draft, path)
        raise
    return fd


def discard(fd: int, *paths: Path) -> None:
    """Close and remove what a failed attempt may have made. Says nothing: Ctrl-C, which may come at
    any instruction, is not to become an OSError that somebody handles."""
    if fd >= 0:
        with suppress(OSError):
            os.close(fd)
    for path in paths:
        with suppress(OSError):
            os.unlink(path)


def try_lock(fd: int) -> bool:
    """Take the exclusive lock on the open file; False when another holder has it."""
    return _take(fd, shared=False)


def _take(fd: int, *, shared: bool) -> bool:
    try:
        if fcntl is not None:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
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
        fd = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        # Another descriptor, so a lock of our own process counts as held too. Shared, so that two
        # who ask at once do not take each other for the holder.
        return not _take(fd, shared=True)
    finally:
        os.close(fd)


def _windows(fd: int, mode: int) -> None:
    position = os.lseek(fd, 0, os.SEEK_CUR)
    try:
        os.lseek(fd, _FAR_BYTE, os.SEEK_SET)
        msvcrt.locking(fd, mode, 1)  # type: ignore[attr-defined,unused-ignore]
    finally:
        os.lseek(fd, position, os.SEEK_SET)
