"""The board: one small mapped file a process, written without system calls.

It holds what must survive kill -9 and cannot wait for a record: how many records were accepted and
dropped, and which units of work are running. Ingest reads it.
"""

import mmap
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from telemetry.journal import locks

DROP_REASONS = (
    "disk_full",
    "write_error",
    "journal_full",
    "too_large",
    "not_encodable",
    "internal_error",
    "shed",
)
# How much detail of its units of work a process keeps, fuller first: what telemetry costs decides.
DETAIL_STEPS = ("full", "no SQL statements", "no SQL statements, no DEBUG records")
_MAGIC = b"TLMBRD01"
_HEADER = struct.Struct("<8sIQ")
_COUNTERS_AT = 64
_COUNTERS = 24
_SLOTS_AT = 256
_SLOT = struct.Struct("<BBHHH8s16sQ")
_SLOT_SIZE = 256
_SLOT_HEAD = _SLOT.size
_TEXT = _SLOT_SIZE - _SLOT_HEAD
SLOTS = 64
SIZE = _SLOTS_AT + SLOTS * _SLOT_SIZE

# Counter places; drop reasons follow ACCEPTED in the order of DROP_REASONS.
ACCEPTED = 0
_OVERFLOW = 16
_MEASURED = 17
_MEASURED_TIME = 18
_DETAIL_STEP = 19
_THREADS = 20
# The first places are sums; these are states of a writer.
_STATES = (_OVERFLOW, _DETAIL_STEP)
_FREE, _USED = 0, 1


@dataclass(frozen=True)
class Running:
    """A unit of work that was begun and not ended. `start` is microseconds since the epoch."""

    uid: str
    kind: int
    method: str
    path: str
    start: int


@dataclass(frozen=True)
class Snapshot:
    """What a board said at one moment."""

    pid: int
    started: int
    accepted: int
    dropped: dict[str, int]
    running: list[Running] = field(default_factory=list)
    # Units running beyond the slots: counted, not named.
    overflow: int = 0
    # Units whose cost was measured, the µs that telemetry spent in them, and its step of detail.
    measured: int = 0
    measured_time: int = 0
    detail_step: int = 0
    # Requests that the process can answer at one time; 0: it does not say.
    threads: int = 0

    @property
    def emitted(self) -> int:
        """Every record that capture tried to write."""
        return self.accepted + sum(self.dropped.values())


class Board:
    """The writing side. `path` None keeps the counts in memory alone (the disk is full)."""

    def __init__(self, path: Path | None) -> None:
        self._fd = -1
        self._map: mmap.mmap | bytearray
        if path is None:
            self._map = bytearray(SIZE)
        else:
            self._fd, self._map = _create(path)
        _HEADER.pack_into(self._map, 0, _MAGIC, os.getpid(), time.time_ns() // 1000)
        self.counters = memoryview(self._map)[_COUNTERS_AT : _COUNTERS_AT + _COUNTERS * 8].cast("Q")
        self._free = list(range(SLOTS - 1, -1, -1))

    def accepted(self, count: int) -> None:
        """Set the number of records written so far."""
        self.counters[ACCEPTED] = count

    def dropped(self, reason: str) -> None:
        """Count one record that was not written."""
        self.counters[1 + DROP_REASONS.index(reason)] += 1

    def measured(self, microseconds: int, detail_step: int) -> None:
        """Add the cost of one unit of work, and say how much detail is kept now."""
        self.counters[_MEASURED] += 1
        self.counters[_MEASURED_TIME] += microseconds
        self.counters[_DETAIL_STEP] = detail_step

    def can_answer(self, threads: int) -> None:
        """Say how many requests this process can answer at one time."""
        self.counters[_THREADS] = threads

    def enter(self, kind: int, uid: bytes, start: int, method: str, path: str) -> int:
        """Note a unit of work as running; returns its slot, or -1 when all are taken."""
        try:
            slot = self._free.pop()
        except IndexError:
            self.counters[_OVERFLOW] += 1
            return -1
        text = path.encode("utf-8", "backslashreplace")[:_TEXT]
        at = _SLOTS_AT + slot * _SLOT_SIZE
        begin = at + _SLOT_HEAD
        self._map[begin : begin + len(text)] = text
        name = method[:8].encode("ascii", "replace")
        _SLOT.pack_into(self._map, at, _USED, kind, len(text), 0, 0, name, uid, start)
        return slot

    def leave(self, slot: int) -> None:
        """The unit in `slot` has ended and its record is written."""
        if slot < 0:
            self.counters[_OVERFLOW] -= 1
            return
        self._map[_SLOTS_AT + slot * _SLOT_SIZE] = _FREE
        self._free.append(slot)

    def take_over(self, other: "Board") -> None:
        """Continue the counts of a board that had no file."""
        for place, value in enumerate(other.counters):
            # A unit leaves the board that it entered.
            if place not in _STATES:
                self.counters[place] += value

    def snapshot(self) -> Snapshot:
        """What this board says now."""
        return _parse(self._map)

    def close(self) -> None:
        """Let go of the file and its lock. The descriptor first: a fork's child must not unlock."""
        self.counters.release()
        if isinstance(self._map, mmap.mmap):
            self._map.close()
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _create(path: Path) -> tuple[int, mmap.mmap]:
    # Locked from the start: a board without a lock is a dead process's. Real blocks, not a hole:
    # writing to a mapped hole on a full disk is SIGBUS.
    fd = locks.create(path, os.O_RDWR, bytes(SIZE))
    try:
        return fd, mmap.mmap(fd, SIZE)
    except BaseException:
        locks.discard(fd, path)
        raise


def read(path: Path) -> Snapshot | None:
    """The board of a process, living or dead; None when the file is gone or not a board."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(data) != SIZE or not data.startswith(_MAGIC):
        return None
    return _parse(data)


def _parse(data: bytes | bytearray | mmap.mmap) -> Snapshot:
    _, pid, started = _HEADER.unpack_from(data, 0)
    counters = struct.unpack_from(f"={_COUNTERS}Q", data, _COUNTERS_AT)
    dropped = {
        reason: counters[1 + place]
        for place, reason in enumerate(DROP_REASONS)
        if counters[1 + place]
    }
    return Snapshot(
        pid=pid,
        started=started,
        accepted=counters[ACCEPTED],
        dropped=dropped,
        running=list(_running(data)),
        overflow=counters[_OVERFLOW],
        measured=counters[_MEASURED],
        measured_time=counters[_MEASURED_TIME],
        detail_step=counters[_DETAIL_STEP],
        threads=counters[_THREADS],
    )


def _running(data: bytes | bytearray | mmap.mmap) -> Iterator[Running]:
    for at in range(_SLOTS_AT, SIZE, _SLOT_SIZE):
        state, kind, length, _, _, method, uid, start = _SLOT.unpack_from(data, at)
        if state == _USED:
            text = bytes(data[at + _SLOT.size : at + _SLOT.size + length])
            yield Running(
                uid=uid.hex(),
                kind=kind,
                method=method.rstrip(b"\0").decode("ascii", "replace"),
                path=text.decode("utf-8", "replace"),
                start=start,
            )
