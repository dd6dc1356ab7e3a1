"""What telemetry itself costs in the processes that run now, by their boards."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from telemetry.journal.board import DETAIL_STEPS, Snapshot


@dataclass(frozen=True, slots=True)
class Overhead:
    """`units` were measured, with a mean of `microseconds` spent in telemetry's own code.

    `detail` is what the process that keeps the least detail keeps.
    """

    units: int = 0
    microseconds: float = 0.0
    detail: str = DETAIL_STEPS[0]

    @property
    def is_reduced(self) -> bool:
        """Whether some process keeps less than full detail, because it costs too much."""
        return self.detail != DETAIL_STEPS[0]

    def as_dict(self) -> dict[str, Any]:
        """Stable keys for `telemetry_status --json`."""
        return {
            "units": self.units,
            "microseconds": round(self.microseconds, 1),
            "detail": self.detail,
        }


def summed(boards: Iterable[Snapshot | None]) -> Overhead:
    """Over all boards that could be read."""
    known = [board for board in boards if board is not None]
    units = sum(board.measured for board in known)
    spent = sum(board.measured_time for board in known)
    step = max((board.detail_step for board in known), default=0)
    # A damaged board may say anything.
    detail = DETAIL_STEPS[min(step, len(DETAIL_STEPS) - 1)]
    return Overhead(units, spent / units if units else 0.0, detail)
