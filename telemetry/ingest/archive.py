"""Ingested segments, compressed and kept for a while: for re-reading after a restore."""

import gzip
import os
import time
from pathlib import Path

from telemetry.conf import settings
from telemetry.journal import locks

_SUFFIX = ".jsonl.gz"


def keep(segment: Path) -> None:
    """Append the segment to this hour's file, under a line that names it.

    After a crash before the segment was removed it is appended again; a reader skips what the
    store's positions cover, so that does no harm.
    """
    folder: Path = settings.archive_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / (time.strftime("%Y%m%dT%H", time.gmtime()) + _SUFFIX)
    data = f"# {segment.name}\n".encode() + segment.read_bytes()
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | locks.BINARY, 0o600)
    size = os.fstat(fd).st_size
    try:
        member = memoryview(gzip.compress(data, compresslevel=1))
        while member:
            member = member[os.write(fd, member) :]
    except BaseException:
        # Half a member would make what follows it unreadable.
        os.ftruncate(fd, size)
        raise
    finally:
        os.close(fd)


def trim() -> None:
    """Remove archive files beyond the age or, oldest first, the size that settings allow."""
    try:
        files = sorted(settings.archive_dir.glob(f"*{_SUFFIX}"), reverse=True)
    except OSError:
        return
    oldest = time.time() - settings.ARCHIVE_HOURS * 3600
    kept = 0
    for file in files:
        stat = file.stat()
        kept += stat.st_size
        if kept > settings.ARCHIVE_MAX_BYTES or stat.st_mtime < oldest:
            file.unlink(missing_ok=True)
