"""The range query: what a metric did over a time range, by labels, in steps, with quantiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from types import MappingProxyType
from typing import Any

from telemetry.queries import arguments, buckets, histograms, levels, metrics
from telemetry.queries.arguments import BadQuery
from telemetry.queries.buckets import Grid
from telemetry.queries.metrics import MetricRow, SeriesRow
from telemetry.queries.overflow import LABEL as OVERFLOW

__all__ = ["Answer", "BadQuery", "Point", "SeriesPoints", "query"]


# One for all that have none.
_NONE: Mapping[float, float] = MappingProxyType({})


@dataclass(slots=True)
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
    last: float | None
    quantiles: Mapping[float, float]


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
    groups, found = _groups(every, matching, by)
    grid = arguments.grid(start, end, step, len(found))
    if by is not None and metric.type != "gauge" and len(matching) > len(found):
        groups = _added_up(groups, matching, by, labels or {}, grid.level)
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


def _added_up(
    groups: dict[int, int],
    matching: Sequence[SeriesRow],
    by: Sequence[str],
    labels: Mapping[str, str],
    level: int,
) -> dict[int, int]:
    """The groups by what ingest has added up of their series, where it has just that."""
    if not by and not labels:
        return dict.fromkeys(metrics.together(matching, level), 0)
    one = {*by, *labels}
    if len(one) > 1:
        return groups
    read = metrics.slices_of(matching, one.pop(), level)
    return {read[number]: place for number, place in groups.items()}


def _answered(
    metric: MetricRow,
    groups: Mapping[int, int],
    found: Sequence[Mapping[str, str]],
    grid: Grid,
    asked: Sequence[float],
) -> list[SeriesPoints]:
    did = buckets.sums(groups, grid, histograms=bool(asked))
    last = buckets.last(groups, grid) if metric.type == "gauge" else {}
    moments = [levels.moment(start) for start in range(grid.first, grid.stop, grid.step)]
    points: list[list[Point]] = [[] for _ in found]
    steps = grid.steps
    if asked:
        quantiles = _quantiles(did, asked)
        for (place, count, total, low, high, _), own in zip(did, quantiles, strict=True):
            at = moments[place % steps]
            points[place // steps].append(Point(at, count, total, low, high, None, own))
    else:
        for place, count, total, low, high, _ in did:
            at, newest = moments[place % steps], last.get(place) if last else None
            points[place // steps].append(Point(at, count, total, low, high, newest, _NONE))
    return [SeriesPoints(labels, told) for labels, told in zip(found, points, strict=True) if told]


def _quantiles(did: Sequence[buckets.Did], asked: Sequence[float]) -> list[dict[float, float]]:
    """Those of each group and step; none where there are no observations."""
    bags = [row[-1] or b"" for row in did]
    ranked = histograms.quantiles(bags, asked, within=[row[3:5] for row in did])
    found: list[dict[float, Any]] = list(map(dict, map(zip, repeat(asked), ranked)))
    # The ends are known exactly.
    for q in asked:
        if q in (0, 1):
            for quantiles, row in zip(found, did, strict=True):
                quantiles[q] = row[4] if q else row[3]
    for place, bag in enumerate(bags) if b"" in bags else ():
        found[place] = {} if not bag else found[place]
    return found


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
    if len(places) > arguments.MAX_SERIES:
        most = arguments.MAX_SERIES
        raise BadQuery("by", f"{len(places)} series, {most} at most: merge, or match labels")
    return {number: places[key] for number, key in keys.items()}, [dict(key) for key in places]


def _kept(one: SeriesRow, by: Sequence[str] | None) -> Mapping[str, str]:
    if by is None or (by and OVERFLOW in one.labels):
        return one.labels
    return {label: one.labels[label] for label in by if label in one.labels}
