"""What ingest looks at whether anything happens or not: a look each second, a wider one each ten.

A look reads outside of any transaction; what is worth a row is written inside the one that ends
processes, and is forgotten only after its commit.
"""

import sqlite3
import time
from pathlib import Path

from telemetry.ingest import builtin
from telemetry.ingest.names import Names
from telemetry.ingest.own import Own
from telemetry.ingest.rollup import Rollup
from telemetry.ingest.sampling import files, lag, running
from telemetry.ingest.sampling.processes import Processes
from telemetry.ingest.sampling.queues import QueueDepth
from telemetry.ingest.sampling.readings import Ledger, Reading
from telemetry.ingest.sampling.running import Living, Places
from telemetry.ingest.sampling.wal import Checkpoints

__all__ = ["Own", "Sampler"]

_EVERY_SECONDS = 1.0
# Processes, files, queues, and what ingest measured of itself. First after so long, so that a
# command that drains the journal and ends looks at none of them.
_WIDE_SECONDS = 10.0


class Sampler:
    """Run by the holder of the ingest lock alone."""

    def __init__(self, own: Own) -> None:
        self._own = own
        self._ledger = Ledger()
        self._places = Places()
        self._processes = Processes()
        self._queues = QueueDepth()
        self._checkpoints = Checkpoints(own)
        self._readings: list[Reading] = []
        self._next = 0.0
        self._next_wide = time.monotonic() + _WIDE_SECONDS
        self._has_wide = False

    def due(self) -> bool:
        """Whether a second has passed since the last look."""
        return time.monotonic() >= self._next

    def look(self, db: sqlite3.Connection, folder: Path, store: Path) -> None:
        """Read what is due; outside of a transaction. Raises sqlite3.Error."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY_SECONDS
        living = running.living(db, folder)
        self._readings = self._places.readings(living)
        if now >= self._next_wide:
            self._next_wide = now + _WIDE_SECONDS
            self._has_wide = True
            self._readings += self._wide(db, folder, store, living)

    def record(self, db: sqlite3.Connection, names: Names) -> None:
        """Write what is news of the last look; inside a transaction."""
        found, self._readings = self._ledger.news(self._readings), []
        increments = self._processes.increments() if self._has_wide else []
        observed = self._own.take() if self._has_wide else []
        if not (found or increments or observed):
            return
        rollup = Rollup()
        now = time.time_ns() // 1000
        for name, labels, value in (*found, *increments):
            kind = builtin.METRICS[name].type
            rollup.add(kind, names.series(db, kind, name, dict(labels)), now, value)
        for at, name, labels, value in observed:
            kind = builtin.METRICS[name].type
            rollup.add(kind, names.series(db, kind, name, dict(labels)), at, value)
        rollup.write(db)

    def committed(self) -> None:
        """What was written stands."""
        if self._has_wide:
            self._has_wide = False
            self._processes.settle()
            self._own.settle()

    def forget(self) -> None:
        """What was written does not stand; what can be written again is kept."""
        self._ledger.forget()

    def _wide(
        self, db: sqlite3.Connection, folder: Path, store: Path, living: list[Living]
    ) -> list[Reading]:
        return [
            *self._processes.readings(self._places.by_pid(living)),
            *files.readings(),
            *lag.readings(db, folder, living),
            *self._queues.readings(),
            *self._checkpoints.readings(db, store),
        ]
