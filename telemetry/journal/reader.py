"""The reading side of the journal: which files there are, and the records after a position."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from telemetry.journal import locks, resync
from telemetry.journal.resync import Record
from telemetry.journal.segment import SUFFIX, writer_of
from telemetry.journal.writer import BOARD_SUFFIX

# More than the longest line.
READ_BYTES = 1 << 20
# A read grows up to this, in search of the record that follows a stretch of bad bytes.
_MOST_BYTES = 64 << 20
# A file that somebody has put there is nobody's journal.
_OURS = re.compile(r"[0-9a-f]{32}(?:-[0-9]{6,})?\.[a-z]+\Z").match


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a read gave: the records, and the position after them."""

    records: list[Record]
    position: int
    # Nothing more will come after `position`: the writer is gone and everything was read.
    finished: bool
    # Records that bytes after `position` seem to be, which cannot be told yet: a line that is being
    # written, or bad bytes whose successor is not there.
    held: int = 0


def segments(folder: Path) -> list[Path]:
    """The segment files, in order of writer and number."""
    return _with_suffix(folder, SUFFIX)


def boards(folder: Path) -> list[Path]:
    """The board files."""
    return _with_suffix(folder, BOARD_SUFFIX)


def drafts(folder: Path) -> list[Path]:
    """Segments and boards that are being made, or that a crash left half made."""
    return _with_suffix(folder, ".tmp")


def writer(path: Path) -> str:
    """The id of the process that wrote a segment or a board."""
    return writer_of(path.stem)


def read(path: Path, position: int, next_seq: int = 0, limit: int = READ_BYTES) -> Chunk:
    """The records from `position` on, about `limit` bytes of them; `next_seq` is the first's.

    Bytes that are no record are one bad record, counted by the numbers of its neighbours. At the
    end of the file they wait while the writer lives. Raises OSError.
    """
    # Asked before reading: what a writer wrote before it died is then all in the file.
    dead = not locks.is_locked(path)
    with path.open("rb", buffering=0) as file:
        while True:
            file.seek(position)
            data = file.read(limit) or b""
            more = len(data) == limit
            enough = not more or limit >= _MOST_BYTES
            records, held = resync.split(data, position, next_seq, final=enough and (dead or more))
            if records or enough:
                break
            limit *= 2
    end = records[-1].end if records else position
    return Chunk(records, end, finished=dead and not more, held=held)


def count_pending(path: Path, position: int, next_seq: int = 0) -> tuple[int, bytes | None]:
    """(records after `position`, the first of them), those that cannot be told yet included."""
    total = 0
    first: bytes | None = None
    while True:
        chunk = read(path, position, next_seq)
        total += sum(record.count for record in chunk.records)
        if first is None and chunk.records:
            first = chunk.records[0].payload
        if not chunk.records:
            return total + chunk.held, first
        position = chunk.position
        next_seq = max(next_seq, chunk.records[-1].seq + 1)


def _with_suffix(folder: Path, suffix: str) -> list[Path]:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return [folder / name for name in sorted(names) if name.endswith(suffix) and _OURS(name)]
