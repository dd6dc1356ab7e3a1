"""What the journal still takes while it fills up: the less room, the graver a record must be.

Ingest may stand still, or a storm of records outrun it. From 70 % of the cap on DEBUG records go
and INFO records are sampled, from 90 % only WARNING and above stay, at 100 % only ERROR, and errors
alone may fill 10 % more. Below the floor of free disk space nothing is written at all: the disk is
also the application's. All that goes is counted.
"""

import os
import time
from pathlib import Path

NONE, SAMPLED, WARNINGS, ERRORS, NOTHING = range(5)
_STEPS = ((1.1, NOTHING), (1.0, ERRORS), (0.9, WARNINGS), (0.7, SAMPLED))
_FIRST = _STEPS[-1][0]
_LEAST = {NONE: 0, SAMPLED: 20, WARNINGS: 30, ERRORS: 40}
# Of INFO records one in so many stays while they are sampled.
SAMPLE = 10
# Seconds between two looks; a look at a folder with very many files takes longer, so it waits so
# many times what the last one took. A full disk waits a second at most: on a busy machine a look
# may take long for no such reason, and until the next one all records go, room or not.
_LOOK_SECONDS = 0.25
_LOOK_SHARE = 50
# With more bytes left than is usually written in that time, fewer requests pay for a look.
_ROOM = 256 * 1024 * 1024
_CALM_SECONDS = 1.0
_FULL_DISK_SECONDS = 1.0


class Pressure:
    """How full the journal's folder and disk are, looked at now and then. Not safe for threads."""

    def __init__(self, folder: Path, max_bytes: int, min_free: int) -> None:
        self.step = NONE
        # When to look again, by the monotonic clock.
        self.next_look = 0.0
        self._folder = folder
        self._max_bytes = max_bytes
        self._min_free = min_free
        self._is_disk = False
        self._turn = 0

    def look(self) -> None:
        """Measure the folder and the disk."""
        began = time.monotonic()
        left = _free_bytes(self._folder) - self._min_free
        self._is_disk = left < 0
        taken = _bytes(self._folder)
        full = taken / self._max_bytes
        self.step = next((step for share, step in _STEPS if full >= share), NONE)
        if self._is_disk:
            self.step = NOTHING
        now = time.monotonic()
        is_calm = min(left, _FIRST * self._max_bytes - taken) >= _ROOM
        pause = max(_CALM_SECONDS if is_calm else _LOOK_SECONDS, _LOOK_SHARE * (now - began))
        self.next_look = now + (min(pause, _FULL_DISK_SECONDS) if self._is_disk else pause)

    def admit(self, level: int, *, sampled: bool) -> int:
        """How many records one of this level stands for; 0 when it is left out.

        `sampled`: whether others of its kind may stand for it, as for log records.
        """
        if self.step == NONE:
            return 1
        if time.monotonic() >= self.next_look:
            self.look()
        if self.step == NOTHING or level < _LEAST[self.step]:
            return 0
        if self.step == SAMPLED and sampled and level < _LEAST[WARNINGS]:
            self._turn = (self._turn + 1) % SAMPLE
            return 0 if self._turn else SAMPLE
        return 1

    @property
    def reason(self) -> str:
        """The drop reason of what is left out now."""
        if self._is_disk:
            return "disk_full"
        return "journal_full" if self.step >= ERRORS else "shed"


def _bytes(folder: Path) -> int:
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    total += entry.stat().st_size
                except FileNotFoundError:
                    continue
    except OSError:
        return 0
    return total


def _free_bytes(folder: Path) -> int:
    """Bytes that an ordinary user may still write; the nearest folder that exists answers."""
    place = folder
    while True:
        try:
            return _free(place)
        except FileNotFoundError:
            if place == place.parent:
                break
            place = place.parent
        except OSError:
            break
    return 1 << 62


def _free(place: Path) -> int:
    if hasattr(os, "statvfs"):
        found = os.statvfs(place)
        return found.f_bavail * found.f_frsize
    import shutil

    return shutil.disk_usage(place).free
