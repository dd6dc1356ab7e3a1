"""Apdex and objectives (SLO) of each route over a time range, from rollups alone.

A threshold is compared with buckets, so it is the bound of a bucket that is next to it, less than
1.1 % away: a request whose duration lies between the two is on the wrong side, all others are on
the right one. Failed requests (5xx, died) satisfy nobody and are not good, however fast they were.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from telemetry import targets
from telemetry.queries import histograms, levels, metrics
from telemetry.queries.metrics import SeriesRow
from telemetry.queries.overview import DURATION, REQUESTS, is_failure, route_of
from telemetry.queries.quantiles import SCALE
from telemetry.targets import Target

# How far a threshold may be off, as a share of it: half a bucket.
ERROR = 2 ** (1 / SCALE / 2) - 1
# Up to so many times its seconds Apdex counts a request half.
_TOLERATED = 4
# A bucket above all others.
_ALL = 1 << 15


@dataclass(frozen=True, slots=True)
class Attained:
    """`good` of `total` requests, where a share of `objective` is wanted."""

    objective: float
    good: float
    total: float

    @property
    def share(self) -> float:
        """The share that was attained, 0 to 1."""
        return self.good / self.total

    @property
    def is_met(self) -> bool:
        """Whether it is what was wanted."""
        return self.share >= self.objective

    @property
    def budget_left(self) -> float:
        """The share of the error budget of this range that is left: 1 all, 0 none, below: spent."""
        return 1 - (self.total - self.good) / ((1 - self.objective) * self.total)


@dataclass(frozen=True, slots=True)
class RouteObjectives:
    """One route, or all with method and route empty. Counts are requests.

    `satisfied` took at most `target.apdex_seconds`, `tolerating` at most four times that. An
    objective is None where there is none, or nothing that it could be measured by.
    """

    method: str
    route: str
    requests: float
    satisfied: float
    tolerating: float
    target: Target
    availability: Attained | None
    latency: Attained | None

    @property
    def apdex(self) -> float:
        """(satisfied + tolerating / 2) / all, 0 to 1."""
        return (self.satisfied + self.tolerating / 2) / self.requests


@dataclass(frozen=True, slots=True)
class Objectives:
    """Of `start ≤ t < end`: the routes that miss most first. `whole` is None without requests."""

    start: datetime
    end: datetime
    routes: Sequence[RouteObjectives]
    whole: RouteObjectives | None


@dataclass(frozen=True, slots=True)
class _Did:
    """What a route did: requests, failed ones, and of the others how many took at most as long as
    Apdex is satisfied with, as it bears, and as the objective of latency says."""

    target: Target
    requests: float
    failed: float
    satisfied: int
    borne: int
    quick: int
    timed: int


def objectives(start: datetime, end: datetime) -> Objectives:
    """Apdex, objectives and error budgets of every route that had requests."""
    rows = [_row(*key, one) for key, one in _did(start, end).items() if one.requests]
    rows.sort(key=lambda row: (_margin(row), row.apdex, row.route, row.method))
    return Objectives(start, end, rows, _whole(rows) if rows else None)


def _did(start: datetime, end: datetime) -> dict[tuple[str, str], _Did]:
    parts = levels.parts(start, end)
    counters, timers = metrics.series(REQUESTS), metrics.series(DURATION)
    counted = metrics.totals([one.id for one in counters], parts)
    timed = metrics.histograms([one.id for one in timers if not _is_5xx(one)], parts)
    took: dict[tuple[str, str], list[bytes]] = {}
    for one in timers:
        if one.id in timed:
            took.setdefault(route_of(one), []).append(timed[one.id].histogram or b"")
    sums: dict[tuple[str, str], tuple[float, float]] = {}
    for one in counters:
        if one.id in counted:
            n, (every, failed) = counted[one.id].total, sums.get(route_of(one), (0.0, 0.0))
            sums[route_of(one)] = every + n, failed + (n if is_failure(one) else 0)
    wanted = [targets.of(route) for _, route in sums]
    within = histograms.at_most(
        [b"".join(took.get(key, [])) for key in sums], [_bounds(target) for target in wanted]
    )
    return {
        key: _Did(target, every, failed, *found)
        for (key, (every, failed)), target, found in zip(sums.items(), wanted, within, strict=True)
    }


def _bounds(target: Target) -> list[int]:
    """The buckets up to which a route's requests are counted, see `_Did`."""
    latency = _ALL if target.latency_seconds is None else _bucket(target.latency_seconds)
    apdex = target.apdex_seconds
    return [_bucket(apdex), _bucket(_TOLERATED * apdex), latency, _ALL]


def _row(method: str, route: str, did: _Did) -> RouteObjectives:
    target = did.target
    availability = latency = None
    if target.availability is not None:
        availability = Attained(target.availability, did.requests - did.failed, did.requests)
    if target.latency_share is not None and target.latency_seconds is not None and did.timed:
        latency = Attained(target.latency_share, did.quick, did.timed)
    return RouteObjectives(
        method=method,
        route=route,
        requests=did.requests,
        satisfied=did.satisfied,
        tolerating=did.borne - did.satisfied,
        target=target,
        availability=availability,
        latency=latency,
    )


def _whole(rows: Sequence[RouteObjectives]) -> RouteObjectives:
    """All routes together; each request by what is wanted of its own route."""
    return RouteObjectives(
        method="",
        route="",
        requests=sum(row.requests for row in rows),
        satisfied=sum(row.satisfied for row in rows),
        tolerating=sum(row.tolerating for row in rows),
        target=targets.of(""),
        availability=_added(row.availability for row in rows),
        latency=_added(row.latency for row in rows),
    )


def _added(found: Iterable[Attained | None]) -> Attained | None:
    """The objectives of several routes as one: what is wanted weighs by requests."""
    known = [one for one in found if one is not None]
    total = sum(one.total for one in known)
    if not total:
        return None
    wanted = sum(one.objective * one.total for one in known) / total
    return Attained(wanted, sum(one.good for one in known), total)


def _margin(row: RouteObjectives) -> float:
    """The least error budget that is left of its objectives; those without any come last."""
    found = [one.budget_left for one in (row.availability, row.latency) if one is not None]
    return min(found, default=math.inf)


def threshold(seconds: float) -> float:
    """The bound of a bucket that stands for a threshold: at most ERROR away from it."""
    return float(2 ** (_bucket(seconds) / SCALE))


def _bucket(seconds: float) -> int:
    return round(SCALE * math.log2(seconds))


def _is_5xx(one: SeriesRow) -> bool:
    return one.labels.get("status_class") == "5xx"
