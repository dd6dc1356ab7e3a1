"""The state of things over a time range, from rollups alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from telemetry.ingest import builtin
from telemetry.queries import errors, histograms, levels, metrics
from telemetry.queries.buckets import Sums
from telemetry.queries.errors import ErrorRow
from telemetry.queries.levels import Part
from telemetry.queries.metrics import SeriesRow

REQUESTS = builtin.HTTP_COUNT
DURATION = builtin.HTTP_DURATION
ACTIVE = builtin.ACTIVE
DIED, NONE = builtin.STATUS_DIED, builtin.STATUS_NONE
# A gauge that nobody has set for longer than this says nothing about now.
_GAUGE_AGE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Seconds; None without observations."""

    p50: float | None
    p95: float | None
    p99: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One route over the range."""

    method: str
    route: str
    requests: float
    errors: float
    latency: Percentiles

    @property
    def error_ratio(self) -> float:
        """The share of requests that the server failed, 0 to 1."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Point:
    """One step of the chart, `at` its start."""

    at: datetime
    requests: float
    errors: float


@dataclass(frozen=True, slots=True)
class Overview:
    """`requests` and `errors` are counts, `rate` requests a second, `step` seconds a point."""

    start: datetime
    end: datetime
    step: int
    requests: float
    errors: float
    latency: Percentiles
    active: float | None
    points: Sequence[Point]
    slowest: Sequence[RouteRow]
    failing: Sequence[RouteRow]
    newest_errors: Sequence[ErrorRow]
    statuses: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Requests a second over the whole range."""
        seconds = (self.end - self.start).total_seconds()
        return self.requests / seconds if seconds > 0 else 0.0

    @property
    def error_ratio(self) -> float:
        """The share of requests that the server failed, 0 to 1."""
        return self.errors / self.requests if self.requests else 0.0


def overview(start: datetime, end: datetime, routes: int = 8, newest: int = 5) -> Overview:
    """Traffic, errors and latency of `start ≤ t < end`, and the routes that are slowest by p95."""
    counters = metrics.series(REQUESTS)
    parts = levels.parts(start, end)
    counted = metrics.totals([one.id for one in counters], parts)
    by_route, latency = _latency(parts, counters, counted)
    failing = [row for row in by_route if row.errors]
    step = metrics.step_of(start, end)
    now = datetime.now(UTC)
    active = metrics.last_values(ACTIVE, now - _GAUGE_AGE)
    return Overview(
        start=start,
        end=end,
        step=step,
        requests=sum(sums.total for sums in counted.values()),
        errors=_failed(counters, counted),
        latency=latency,
        active=sum(active) if active else None,
        points=_points(counters, start, end, step),
        slowest=sorted(by_route, key=lambda row: row.latency.p95 or 0, reverse=True)[:routes],
        failing=sorted(failing, key=lambda row: row.errors, reverse=True)[:routes],
        newest_errors=errors.newest(newest),
        statuses=_statuses(counters, counted),
    )


def _latency(
    parts: Sequence[Part], counters: Sequence[SeriesRow], counted: Mapping[int, Sums]
) -> tuple[list[RouteRow], Percentiles]:
    """Each route's row, and how long all requests took."""
    timers = metrics.series(DURATION)
    timed = metrics.histograms([one.id for one in timers], parts)
    # Of a request whose process died nobody knows how long it took.
    counting: dict[tuple[str, str], list[SeriesRow]] = {}
    for one in counters:
        if one.id in counted:
            counting.setdefault(route_of(one), []).append(one)
    timing: dict[tuple[str, str], list[Sums]] = {key: [] for key in counting}
    for timer in timers:
        if timer.id in timed:
            timing.setdefault(route_of(timer), []).append(timed[timer.id])
    *each, whole = _percentiles(list(timing.values()))
    found = [
        RouteRow(
            *key,
            requests=sum(counted[one.id].total for one in counting.get(key, [])),
            errors=_failed(counting.get(key, []), counted),
            latency=latency,
        )
        for key, latency in zip(timing, each, strict=True)
    ]
    return found, whole


def _points(
    counters: Sequence[SeriesRow], start: datetime, end: datetime, step: int
) -> list[Point]:
    """Every step of the range, silent ones too, so that gaps show as gaps."""
    counted = metrics.points(counters, "status", _is_failure, start, end, step)
    first = int(start.timestamp()) // step * step
    return [
        Point(metrics.moment(at), *counted.get(at, (0.0, 0.0)))
        for at in range(first, int(end.timestamp()) + 1, step)
    ]


def _percentiles(groups: Sequence[Sequence[Sums]]) -> list[Percentiles]:
    """Of the series of each group together, then of all."""
    merged = [b"".join(did.histogram or b"" for did in group) for group in groups]
    within = [histograms.around([(did.minimum, did.maximum) for did in group]) for group in groups]
    ranked = histograms.quantiles(merged, (0.5, 0.95, 0.99), within=within, together=True)
    highest = [max((did.maximum for did in group), default=None) for group in groups]
    highest.append(max((one for one in highest if one is not None), default=None))
    return [
        Percentiles(p50, p95, p99, most)
        for (p50, p95, p99), most in zip(ranked, highest, strict=True)
    ]


def route_of(one: SeriesRow) -> tuple[str, str]:
    """Method and route of a series of requests."""
    return one.labels.get("method", ""), one.labels.get("route", "")


def is_failure(one: SeriesRow) -> bool:
    """Whether it counts requests that the server failed: by its answer, or by dying."""
    return _is_failure(one.labels.get("status", ""))


def _is_failure(status: str) -> bool:
    return status.startswith("5") or status == DIED


def _failed(counters: Iterable[SeriesRow], counted: Mapping[int, Sums]) -> float:
    return sum(counted[one.id].total for one in counters if one.id in counted and is_failure(one))


def _statuses(counters: Iterable[SeriesRow], counted: Mapping[int, Sums]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in counters:
        if one.id in counted:
            label = one.labels.get("status", "")
            # 0: so “none” was called once.
            name = f"{label[0]}xx" if label[:1] in set("12345") else label.strip("0") or NONE
            found[name] = found.get(name, 0.0) + counted[one.id].total
    return dict(sorted(found.items()))
