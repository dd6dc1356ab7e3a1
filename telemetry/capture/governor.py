"""What telemetry itself costs, and less detail where that is more than it may be.

One unit of work in `EVERY` is measured: the time spent in telemetry's own code while it ran. When
the mean of the newest ones passes `OVERHEAD_BUDGET`, detail is stepped down, one step at a time:
first the SQL spans (counts and times stay), then DEBUG records. Counts, histograms, errors and
records from INFO up never are. It is stepped up again when the cost has been well within the
budget for a while. The board says which step a process is on, and what it measured.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, repeat
from time import monotonic

from telemetry.conf import settings
from telemetry.journal.board import Board

# Places in the board's DETAIL_STEPS.
FULL, NO_SPANS, NO_DEBUG = 0, 1, 2
# One in so many is measured, the last: never the first, which opens files and fills caches as no
# other does.
EVERY = 16
LAST = EVERY - 1
# Of the moving mean; so many measurements are taken before one step is judged.
_SHARE = 1 / 8
_MEASUREMENTS = 16
# Up again below this share of the budget, after so many seconds.
_CALM = 0.5
_CALM_SECONDS = 30.0


class Governor:
    """One process's moving mean and step. Threads may race here: what is lost is a measurement."""

    def __init__(self) -> None:
        self.step = FULL
        # The number of the next unit of work.
        self.turn: Iterator[int] = count()
        self._mean = 0.0
        self._seen = 0
        self._changed = 0.0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Full detail for the length of a block, and no measurements: for tests."""
        before = self.turn, self.step
        self.turn, self.step = repeat(0), FULL
        try:
            yield
        finally:
            self.turn, self.step = before

    def note(self, nanoseconds: int, board: Board | None) -> None:
        """Take one measurement: what telemetry spent in one unit."""
        spent = nanoseconds / 1000
        self._seen += 1
        # The first ones weigh as much as they are.
        self._mean += (spent - self._mean) * max(_SHARE, 1 / self._seen)
        self._judge()
        if board is not None:
            board.measured(int(spent), self.step)

    def _judge(self) -> None:
        budget: float = settings.OVERHEAD_BUDGET
        if self._seen < _MEASUREMENTS:
            return
        if self._mean > budget and self.step < NO_DEBUG:
            self._move(1)
        elif (
            self.step > FULL
            and self._mean < budget * _CALM
            and monotonic() - self._changed > _CALM_SECONDS
        ):
            self._move(-1)

    def _move(self, by: int) -> None:
        self.step += by
        self._changed = monotonic()
        # The next step is judged by what this one costs.
        self._mean, self._seen = 0.0, 0


governor = Governor()
