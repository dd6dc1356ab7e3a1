"""The rotated JSON log files: exactly once, as the rows are.

The lengths of the files are committed with the position. What was appended and not committed is cut
off again, at once after a rollback, at the next start after a crash. What was committed by a store
that has been replaced since stays, and is not written again when its records are read again: see
`logmarks`.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from telemetry.conf import settings
from telemetry.ingest import logrotation, notices
from telemetry.ingest.connection import StoreUnavailable
from telemetry.ingest.loglines import APP, ERROR, Lines
from telemetry.ingest.logmarks import Marks
from telemetry.journal import locks

_SUFFIX = ".jsonl"
_FIND = "SELECT inode, length, opened FROM telemetry_logfile WHERE name = ?"
_SAVE = (
    "INSERT INTO telemetry_logfile (name, inode, length, opened) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET"
    " inode = excluded.inode, length = excluded.length, opened = excluded.opened"
)


class _File:
    """One open log file; `length` is what is committed, or about to be."""

    def __init__(self, db: sqlite3.Connection, name: str, marks: Marks) -> None:
        self.name = name
        self.path: Path = settings.logs_dir / f"{name}{_SUFFIX}"
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        row = db.execute(_FIND, (name,)).fetchone()
        committed = [] if row is None else [(row[0], row[1])]
        if name in marks.lengths:
            committed.append(marks.lengths[name])
        inode = _inode(self.path)
        lengths = [length for known, length in committed if known == inode]
        if inode and not lengths and marks.begun.get(name) != inode and self.path.stat().st_size:
            # Nobody knows whose lines these are: they are kept, in a file of their own.
            self.path.rename(logrotation.closed_name(self.path))
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | locks.BINARY
        self.fd = os.open(self.path, flags, 0o600)
        self.inode = os.fstat(self.fd).st_ino
        if not lengths and marks.begun.get(name) != self.inode:
            marks.begin(name, self.inode)
        self.length: int = max(lengths, default=0)
        now = time.time_ns() // 1000
        # Begun while the clock was ahead: it ages from now on.
        self.opened: int = min(row[2], now) if row and row[0] == self.inode else now
        self._age = (now - self.opened) / 1e6
        self._since = time.monotonic()
        self.cut()

    def cut(self) -> None:
        """Forget what lies beyond the committed length."""
        size = os.fstat(self.fd).st_size
        if size > self.length:
            os.ftruncate(self.fd, self.length)
        else:
            # After power loss the file may be shorter than what was committed.
            self.length = size

    def append(self, db: sqlite3.Connection, data: bytes) -> int:
        """Write, and note the new length in the batch's transaction; returns that length."""
        view = memoryview(data)
        while view:
            view = view[os.write(self.fd, view) :]
        length = self.length + len(data)
        db.execute(_SAVE, (self.name, self.inode, length, self.opened))
        return length

    def is_due(self) -> bool:
        """Whether rotation's size or age is reached."""
        age = self._age + time.monotonic() - self._since
        return self.length > 0 and (
            self.length >= settings.LOG_FILE_BYTES or age >= settings.LOG_FILE_HOURS * 3600
        )


class LogFiles:
    """app.jsonl and error.jsonl, appended to by the holder of the ingest lock alone."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._written: dict[str, int] = {}
        # What an earlier process closed and did not come to compress.
        self._closed = {APP, ERROR}
        self._marks: Marks | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Inside the store's transaction: cut the files back when that does not commit."""
        self._written.clear()
        try:
            yield
        except BaseException:
            self.rollback()
            raise

    def append(self, db: sqlite3.Connection, lines: Lines) -> None:
        """Write a batch's lines, last in its transaction. Raises StoreUnavailable."""
        try:
            for name, texts in lines.texts.items():
                if texts:
                    file = self._open(db, name)
                    if file.is_due():
                        file = self._rotate(db, file)
                    self._written[name] = file.append(db, b"".join(texts))
        except OSError as error:
            raise StoreUnavailable(
                f"log files in {settings.logs_dir} cannot be written: {error.strerror}. Free space "
                'or mend the folder, or set TELEMETRY["LOG_FILES"] to False'
            ) from error

    @property
    def marks(self) -> Marks:
        """What is noted beside the files."""
        if self._marks is None or self._marks.folder != settings.logs_dir:
            self._marks = Marks(settings.logs_dir)
        return self._marks

    def read_before(self, positions: dict[str, int]) -> None:
        """Segments out of the archive: their lines are in the files, up to these positions."""
        self.positions().update(positions)

    def positions(self) -> dict[str, int]:
        """Up to where the lines of each segment are in the files, as far as it is noted."""
        return self.marks.positions if settings.LOG_FILES else {}

    def commit(self, positions: dict[str, int]) -> None:
        """The transaction is durable: the new lengths stand, closed files may be compressed.

        `positions`: up to where each segment has been read.
        """
        for name, length in self._written.items():
            self._files[name].length = length
        if settings.LOG_FILES:
            lengths = {
                name: (self._files[name].inode, length) for name, length in self._written.items()
            }
            self.marks.commit(lengths, positions)
        self._written.clear()
        # Not before: while it exists its inode cannot become the new file's.
        while self._closed:
            name = self._closed.pop()
            try:
                logrotation.compress(name)
            except OSError as error:
                notices.say(f"{name}'s closed log files are not compressed yet: {error.strerror}")

    def rollback(self) -> None:
        """Cut the files to what is committed."""
        self._written.clear()
        for file in self._files.values():
            file.cut()

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files.values():
            os.close(file.fd)
        self._files.clear()
        self._marks = None

    def _open(self, db: sqlite3.Connection, name: str) -> _File:
        file = self._files.get(name)
        if file is not None and _inode(file.path) == file.inode:
            return file
        # Not opened yet, or moved away by somebody: begin a new one in its place.
        if file is not None:
            os.close(file.fd)
        file = self._files[name] = _File(db, name, self.marks)
        return file

    def _rotate(self, db: sqlite3.Connection, file: _File) -> _File:
        os.close(file.fd)
        file.path.rename(logrotation.closed_name(file.path))
        self._closed.add(file.name)
        fresh = self._files[file.name] = _File(db, file.name, self.marks)
        return fresh


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0
