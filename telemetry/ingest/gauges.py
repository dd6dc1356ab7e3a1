"""Gauges that ingest reads off the boards: what runs at this moment, in all processes."""

import sqlite3
import time
from pathlib import Path

from telemetry.conf import settings
from telemetry.ingest.names import Names
from telemetry.ingest.rollup import Rollup
from telemetry.ingest.rows import HTTP
from telemetry.journal import boards, reader

ACTIVE = "http_server_active_requests"
_EVERY_SECONDS = 1.0


class ActiveRequests:
    """Samples the number of running requests, each second in which it is not the same zero."""

    def __init__(self) -> None:
        self._last = -1
        self._next = 0.0

    def due(self) -> bool:
        """Whether a second has passed since the last look."""
        return time.monotonic() >= self._next

    def record(self, db: sqlite3.Connection, names: Names, folder: Path) -> None:
        """Add one sample to the rollups, unless nothing was and is running."""
        if not self.due():
            return
        self._next = time.monotonic() + _EVERY_SECONDS
        count = active(folder)
        if count == 0 and self._last == 0:
            return
        self._last = count
        rollup = Rollup()
        names.declare(db, ACTIVE, "g", "", "Requests that are being answered, in all processes.")
        series = names.series(db, "g", ACTIVE, {})
        rollup.add("g", series, time.time_ns() // 1000, count)
        rollup.write(db)


def active(folder: Path) -> int:
    """Requests running now in living processes, telemetry's own pages aside."""
    own = tuple(settings.SELF_PATHS)
    count = 0
    for path in reader.boards(folder):
        last = boards.read(path)
        if last is not None and boards.is_alive(path):
            count += last.overflow + sum(
                unit.kind == HTTP and not unit.path.startswith(own) for unit in last.running
            )
    return count
