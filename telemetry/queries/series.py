"""The range query: what a metric did over a time range, by labels, in steps, with quantiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from telemetry.queries import arguments, buckets, levels, metrics
from telemetry.queries.arguments import BadQuery
from telemetry.queries.buckets import Grid, Sums
from telemetry.queries.metrics import MetricRow, SeriesRow
from telemetry.queries.overflow import LABEL as OVERFLOW

__all__ = ["Answer", "BadQuery", "Point", "SeriesPoints", "query"]

MAX_SERIES = 500
# All points of an answer together.
MAX_ANSWER = 100_000


@dataclass(frozen=True, slots=True)
class Point:
    """One step, from `start` on. `total` adds increments, observations or settings.

    `last` is a gauge's newest value; of several series it is the sum of theirs. `quantiles` has
    those that were asked for of a histogram, within 1.09 % of a true value.
    """

    start: datetime
    count: int
    total: float
    minimum: float
    maximum: float
    last: float | None = None
    quantiles: Mapping[float, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeriesPoints:
    """One series, or several merged, with the labels that they have in common by request.

    Steps without observations are left out.
    """

    labels: Mapping[str, str]
    points: list[Point]


@dataclass(frozen=True, slots=True)
class Answer:
    """`start` and `end` are the range asked for, widened to whole buckets of the level read.

    `step` and `resolution` are seconds, `resolution` the roll-up that was read. `overflowed`: some
    observations of the range came after the metric had all the series that it may have, and are
    in the series with the label `otel_metric_overflow` alone.
    """

    name: str
    type: str
    unit: str
    help: str
    start: datetime
    end: datetime
    step: int
    resolution: int
    series: list[SeriesPoints]
    overflowed: bool


def query(
    name: str,
    *,
    start: datetime,
    end: datetime,
    labels: Mapping[str, str] | None = None,
    step: int | None = None,
    quantiles: Sequence[float] = (),
    by: Sequence[str] | None = None,
) -> Answer:
    """What a metric did in `start <= t < end`. Raises BadQuery, which names the argument.

    `labels` are values that series must have. `by` keeps these labels and merges over the others:
    None keeps each series, `[]` merges all into one; what overflowed stays apart but for `[]`.
    Steps of `step` seconds, a multiple of 10, 60 or 3600 that retention still holds, begin at
    `start`. Series that did nothing are left out.
    """
    metric = arguments.metric(name)
    arguments.check_range(start, end)
    asked = arguments.quantiles(metric, quantiles)
    every = metrics.series(metric.name)
    matching = arguments.matching(every, labels)
    grid = arguments.grid(start, end, step)
    groups, found = _groups(every, matching, by)
    _check_size(len(found), by, grid)
    overflow = next((one for one in every if OVERFLOW in one.labels), None)
    return Answer(
        name=metric.name,
        type=metric.type,
        unit=metric.unit,
        help=metric.help,
        start=levels.moment(grid.first),
        end=levels.moment(grid.stop),
        step=grid.step,
        resolution=grid.level,
        series=_answered(metric, groups, found, grid, asked),
        overflowed=overflow is not None and buckets.any_in(overflow.id, grid),
    )


def _answered(
    metric: MetricRow,
    groups: Mapping[int, int],
    found: Sequence[Mapping[str, str]],
    grid: Grid,
    asked: Sequence[float],
) -> list[SeriesPoints]:
    last = buckets.last(groups, grid) if metric.type == "gauge" else {}
    ranked = buckets.quantiles(groups, grid, asked)
    points: dict[int, list[Point]] = {}
    for (place, number), did in buckets.sums(groups, grid):
        told = ranked.get((place, number), {})
        points.setdefault(place, []).append(
            Point(
                start=levels.moment(grid.first + number * grid.step),
                count=did.count,
                total=did.total,
                minimum=did.minimum,
                maximum=did.maximum,
                last=last.get((place, number)),
                quantiles={q: _between(told[q], q, did) for q in told},
            )
        )
    return [SeriesPoints(found[place], points[place]) for place in sorted(points)]


def _between(told: float, q: float, did: Sums) -> float:
    """A quantile within the extremes, which are known exactly: a bucket's middle need not be."""
    low = did.maximum if q == 1 else did.minimum
    high = did.minimum if q == 0 else did.maximum
    return max(low, min(told, high))


def _groups(
    every: Sequence[SeriesRow], matching: Sequence[SeriesRow], by: Sequence[str] | None
) -> tuple[dict[int, int], list[dict[str, str]]]:
    """The group of each series, and each group's labels, in their order."""
    if isinstance(by, str):
        raise BadQuery("by", f"{by!r} is a text; give a list of label names: [{by!r}]")
    if by:
        arguments.check_labels("by", by, every)
    keys = {one.id: tuple(sorted(_kept(one, by).items())) for one in matching}
    places = {key: place for place, key in enumerate(sorted(set(keys.values())))}
    return {number: places[key] for number, key in keys.items()}, [dict(key) for key in places]


def _kept(one: SeriesRow, by: Sequence[str] | None) -> Mapping[str, str]:
    if by is None or (by and OVERFLOW in one.labels):
        return one.labels
    return {label: one.labels[label] for label in by if label in one.labels}


def _check_size(groups: int, by: Sequence[str] | None, grid: Grid) -> None:
    if groups > MAX_SERIES:
        raise BadQuery("by", f"{groups} series, {MAX_SERIES} at most: merge, or match labels")
    points = groups * -(-(grid.stop - grid.first) // grid.step)
    if points > MAX_ANSWER:
        raise BadQuery("step", f"{points} points in {groups} series, {MAX_ANSWER} at most")
