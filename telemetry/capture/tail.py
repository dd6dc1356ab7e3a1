"""Tail capture: whether a unit of work that has ended keeps its full detail."""

from telemetry.capture import ids
from telemetry.conf import settings

# The estimate of a route's p95 moves by these shares of itself: up where a duration is above it,
# down where it is below, in the ratio 95 : 5. So it stands where one in twenty is above, and
# follows.
_RAISED = 1.095
_LOWERED = 0.995
# A route's first durations are no tail yet.
_WARM_UP = 50
_ROUTES_LIMIT = 2_000


class Recent:
    """The recent 95th percentile of each route's durations, by stochastic approximation.

    Robbins and Monro's method on a logarithmic scale: no history, a multiplication a unit.
    """

    def __init__(self) -> None:
        # route → [durations seen, estimate in µs]
        self._routes: dict[str, list[float]] = {}

    def is_slow(self, route: str, duration: int) -> bool:
        """Whether `duration` (µs) is above the estimate; takes it into account."""
        found = self._routes.get(route)
        if found is None:
            if len(self._routes) >= _ROUTES_LIMIT:
                self._routes.clear()
            self._routes[route] = [1, max(1.0, duration * 1.5)]
            return False
        found[0] += 1
        estimate = found[1]
        if duration > estimate:
            found[1] = estimate * _RAISED
            return found[0] > _WARM_UP
        found[1] = estimate * _LOWERED
        return False


recent = Recent()


def weight(route: str, duration: int, *, failed: bool) -> float | None:
    """How many units the detail of this one stands for; None when it keeps none.

    Failed and slow ones are all kept and stand for themselves; of the others a sample stands for
    those that are left out.
    """
    slow = recent.is_slow(route, duration)
    if failed or slow or duration >= settings.SLOW_SECONDS * 1_000_000:
        return 1.0
    share: float = settings.DETAIL_SAMPLE
    return 1 / share if ids.chance() < share else None
