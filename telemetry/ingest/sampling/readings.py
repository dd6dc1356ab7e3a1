"""Values of gauges at a moment, and which of them are worth a row."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from telemetry.ingest import builtin
from telemetry.ingest.own import SIGN_OF_LIFE, Labels

# Those that differ from one second to the next. After the last value that was not zero one is
# written on for so long, so that the mean of an interval counts its idle moments too.
RESTLESS = frozenset({builtin.ACTIVE, builtin.ACTIVE_BY_PROCESS, builtin.BUSY_THREADS,
                      builtin.BUSY_SHARE})  # fmt: skip
_SETTLES = 10.0
# Those that are never quite the same: a change of less than a hundredth is none, nor one of so many
# bytes. What is written of the store's log makes it grow, which would be written again.
ROUGH = {builtin.MEMORY: 0.0, builtin.FILE_SIZE: float(1 << 18)}
_ROUGHLY = 0.01


class Reading(NamedTuple):
    """The value of a gauge; `labels` in the order of their names."""

    name: str
    labels: Labels
    value: float


class Ledger:
    """What was written last of each series. Values are times of the monotonic clock."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, Labels], tuple[float, float]] = {}
        self._busy: dict[tuple[str, Labels], float] = {}

    def news(self, readings: Iterable[Reading]) -> list[Reading]:
        """Those that changed, that move by the second, or that were last written long ago."""
        now = time.monotonic()
        return [reading for reading in readings if self._is_news(reading, now)]

    def forget(self) -> None:
        """Nothing of it was kept: the next look is written whole."""
        self._written.clear()

    def _is_news(self, reading: Reading, now: float) -> bool:
        key = reading.name, reading.labels
        last = self._written.get(key)
        if reading.name in RESTLESS and reading.value:
            self._busy[key] = now
        if last is not None and now - last[1] < SIGN_OF_LIFE and not self._moves(reading, last[0]):
            since = self._busy.get(key)
            if since is None or now - since > _SETTLES:
                self._busy.pop(key, None)
                return False
        self._written[key] = reading.value, now
        return True

    def _moves(self, reading: Reading, before: float) -> bool:
        least = ROUGH.get(reading.name)
        spare = 0.0 if least is None else max(least, _ROUGHLY * abs(before))
        return abs(reading.value - before) > spare
