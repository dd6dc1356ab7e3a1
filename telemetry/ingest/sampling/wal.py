"""Checkpoints of the store's write-ahead log that ingest asks for, each minute that it has written.

SQLite's own come with commits and are in their time; they can't be told apart. One that is asked
for can be timed, and says how much of the log a reader holds back.
"""

import sqlite3
import time
from pathlib import Path

from telemetry.ingest import builtin
from telemetry.ingest.own import STORE, Own
from telemetry.ingest.sampling.readings import Reading

_EVERY_SECONDS = 60.0
_ASKED = (*STORE, ("mode", "passive"))


class Checkpoints:
    """Asks for one where there may be something to do."""

    def __init__(self, own: Own) -> None:
        self._own = own
        self._next = 0.0
        self._changes = -1

    def readings(self, db: sqlite3.Connection, store: Path) -> list[Reading]:
        """What the last one left, if it was now. Outside of a transaction; raises sqlite3.Error."""
        now = time.monotonic()
        if now < self._next or db.total_changes == self._changes:
            return []
        self._next, self._changes = now + _EVERY_SECONDS, db.total_changes
        with self._own.timed(builtin.CHECKPOINT, _ASKED):
            (_, pages, done) = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return [Reading(builtin.HELD_PAGES, STORE, max(0, pages - done))]
