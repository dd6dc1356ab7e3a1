"""Retention as part of ingest: a sweep a minute, in slices between its batches."""

import sqlite3
import time
from collections.abc import Iterator

from telemetry.ingest.connection import Store, unavailable
from telemetry.retention.sweep import Sweep

BUDGET_SECONDS = 0.05
_EVERY_SECONDS = 60.0
# `prune` takes turns with ingest every few seconds; between two of them ingest reads the journal.
FIRST_SECONDS = 10.0


class Upkeep:
    """Run by the holder of the ingest lock alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._steps: Iterator[None] | None = None
        self._next = time.monotonic() + FIRST_SECONDS

    @property
    def due(self) -> bool:
        """Whether there is, or may be, something to delete."""
        return self._steps is not None or time.monotonic() >= self._next

    def pass_(self, budget: float = BUDGET_SECONDS) -> bool:
        """Delete for at most `budget` seconds; whether there is more. Raises StoreUnavailable."""
        if not self.due:
            return False
        if self._steps is None:
            self._steps = Sweep(self._store).steps()
        try:
            if within(self._steps, budget):
                return True
        except sqlite3.Error as error:
            self._rest()
            raise unavailable(error) from error
        except BaseException:
            self._rest()
            raise
        self._rest()
        return False

    def _rest(self) -> None:
        self._steps = None
        self._next = time.monotonic() + _EVERY_SECONDS


def within(steps: Iterator[None], budget: float, pause: float = 0.0) -> bool:
    """Take steps while the next, if it is as long as the last, fits; False when none are left."""
    end = time.monotonic() + budget
    while True:
        began = time.monotonic()
        if next(steps, steps) is steps:
            return False
        now = time.monotonic()
        if now + pause + (now - began) >= end:
            return True
        time.sleep(pause)
