"""The reading side of the journal: which files there are, and the records after a position."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from telemetry.journal import line, locks
from telemetry.journal.segment import SUFFIX, writer_of
from telemetry.journal.writer import BOARD_SUFFIX

# More than the longest line; a run of this length without a newline is not a record.
READ_BYTES = 1 << 20
# A file that somebody has put there is nobody's journal.
_OURS = re.compile(r"[0-9a-f]{32}(?:-[0-9]{6,})?\.[a-z]+\Z").match


class Record(msgspec.Struct, frozen=True, gc=False):
    """One line of a segment. `payload` is None when it is bad, and `reason` says why."""

    offset: int
    raw: bytes
    seq: int = -1
    payload: bytes | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a read gave: the records, and the position after them."""

    records: list[Record]
    position: int
    # Nothing more will come after `position`: the writer is gone and everything was read.
    finished: bool


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


def read(path: Path, position: int, limit: int = READ_BYTES) -> Chunk:
    """The whole records from `position` on, about `limit` bytes of them.

    A tail without a newline waits while its writer lives, and is one bad record when it is dead.
    """
    # Asked before reading: what a writer wrote before it died is then all in the file.
    dead = not locks.is_locked(path)
    with path.open("rb", buffering=0) as file:
        file.seek(position)
        data = file.read(limit) or b""
        more = len(data) == limit
    end = data.rfind(b"\n") + 1
    records = _split(data[:end], position)
    tail = data[end:]
    if tail and ((more and end == 0) or (not more and dead)):
        records.append(Record(position + end, tail, reason="torn"))
        end = len(data)
    return Chunk(records, position + end, finished=dead and not more)


def count_pending(path: Path, position: int) -> tuple[int, bytes | None]:
    """(records after `position`, the first of them): a torn tail of a dead writer counts as one."""
    total = 0
    first: bytes | None = None
    while True:
        chunk = read(path, position)
        total += len(chunk.records)
        if first is None and chunk.records:
            first = chunk.records[0].payload
        if chunk.position == position:
            return total, first
        position = chunk.position


def _split(data: bytes, position: int) -> list[Record]:
    records = []
    for raw in data.split(b"\n")[:-1]:
        try:
            seq, payload = line.unpack(raw)
        except ValueError as error:
            records.append(Record(position, raw, reason=str(error)))
        else:
            records.append(Record(position, raw, seq, payload))
        position += len(raw) + 1
    return records


def _with_suffix(folder: Path, suffix: str) -> list[Path]:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return [folder / name for name in sorted(names) if name.endswith(suffix) and _OURS(name)]
