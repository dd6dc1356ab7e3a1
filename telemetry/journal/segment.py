"""One append-only file of records, locked by its writer for as long as it may grow."""

import errno
import math
import os
import time
from pathlib import Path
from zlib import adler32

from telemetry.journal import locks

SUFFIX = ".seg"
# What the system says when no more bytes fit.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Refused(OSError):
    """The record was not written; `reason` is one of the board's drop reasons."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def path_of(folder: Path, writer: str, index: int) -> Path:
    """Where a writer's segment number `index` lies. `writer` is 128 random bits as hex."""
    return folder / f"{writer}-{index:06d}{SUFFIX}"


def writer_of(name: str) -> str:
    """The writer's id in a segment's file name."""
    return name.partition("-")[0]


class Segment:
    """The writing side: one `write(2)` a record, whole or not at all."""

    def __init__(self, path: Path, seconds: float = math.inf) -> None:
        self.path = path
        # When it is old enough to be closed, by the monotonic clock.
        self.due = time.monotonic() + seconds
        # Locked from the start: a segment without a lock will not grow any more.
        self._fd = locks.create(path, os.O_WRONLY | os.O_APPEND)
        self.size = 0
        self._seq = 0

    def append(self, payload: bytes) -> None:
        """Write one record; raises Refused, and then nothing of it is in the file."""
        # Taken before the write: a signal handler that logs in between gets the next number.
        seq = self._seq
        self._seq = seq + 1
        # As `line.pack`, without the call, and by what an application uses as well: code that is in
        # the processor's caches already.
        head = f"{adler32(payload, seq).to_bytes(4).hex()} {seq} ".encode()
        data = head + payload + b"\n"
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            self._seq = seq
            raise Refused("disk_full" if error.errno in FULL else "write_error") from error
        if written != len(data):
            self._seq = seq
            # Not back to `size`, which an interrupt after a write leaves too small.
            os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
            raise Refused("disk_full")
        self.size += written

    def close(self) -> None:
        """No more records: from now on ingest may remove the file once it has read it."""
        # Forgotten first: after an interrupt in between its number may be another file's.
        fd, self._fd = self._fd, -1
        os.close(fd)
