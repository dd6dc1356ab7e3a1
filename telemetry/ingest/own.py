"""What ingest measures of its own work, until a look writes it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from telemetry.ingest import builtin

Labels = tuple[tuple[str, str], ...]
# What stays is written again so often, seconds: whoever reads takes a gauge that nobody has set for
# five minutes for gone.
SIGN_OF_LIFE = 240.0
# More between two looks than any ingest makes; what comes after is left out.
_MOST = 20_000
# What comes of writing this itself: alone it is no reason to write, or an idle ingest never rests.
_SELF_MADE = frozenset({builtin.COMMIT, builtin.CHECKPOINT})
STORE: Labels = (("database", "store"),)


class Observed(NamedTuple):
    """One observation, at microseconds since the epoch."""

    at: int
    name: str
    labels: Labels
    value: float


class Own:
    """Observations that wait to be written: `take` them, and `settle` after the commit."""

    def __init__(self) -> None:
        self._waiting: list[Observed] = []
        self._taken = 0
        self._is_due = False
        self._written = time.monotonic()

    def note(self, name: str, value: float, labels: Labels = ()) -> None:
        """Observe `value` of a metric of `builtin`."""
        if len(self._waiting) < _MOST:
            self._waiting.append(Observed(time.time_ns() // 1000, name, labels, value))
            self._is_due = self._is_due or name not in _SELF_MADE

    @contextmanager
    def timed(self, name: str, labels: Labels = ()) -> Iterator[None]:
        """Observe the seconds of a block that does not fail."""
        began = time.perf_counter()
        yield
        self.note(name, time.perf_counter() - began, labels)

    @contextmanager
    def batch(self, records: int) -> Iterator[None]:
        """The length of a block is that of a batch of so many records."""
        with self.timed(builtin.BATCH):
            yield
        self.note(builtin.INGESTED, records)

    def take(self) -> list[Observed]:
        """What is to be written now; nothing while there is no more than writing itself made."""
        if not self._is_due and time.monotonic() - self._written < SIGN_OF_LIFE:
            return []
        self._taken = len(self._waiting)
        return self._waiting[:]

    def settle(self) -> None:
        """What was taken is stored."""
        if self._taken:
            del self._waiting[: self._taken]
            self._taken = 0
            self._written = time.monotonic()
            self._is_due = any(each.name not in _SELF_MADE for each in self._waiting)
