"""Metrics: their names, series, and what they did over a time range."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from telemetry.models import Bucket, Metric, Series
from telemetry.queries import buckets, levels
from telemetry.queries.buckets import Grid, Sums
from telemetry.queries.levels import Part
from telemetry.queries.store import rows


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A declared metric; `type` is counter, gauge or histogram."""

    name: str
    type: str
    unit: str
    help: str


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One set of labels of a metric."""

    id: int
    labels: Mapping[str, str]
    metric: int

    @property
    def whole(self) -> int:
        """What all series of the metric together have in place of an id, unless it is a gauge.

        Only at levels that `levels.has_wholes`.
        """
        return -self.metric


def names() -> list[MetricRow]:
    """Every metric that was declared, by name."""
    return [
        MetricRow(metric.name, metric.get_type_display(), metric.unit, metric.help)
        for metric in rows(Metric).order_by("name")
    ]


def find(name: str) -> MetricRow | None:
    """The metric of this name; None where nobody has declared or used it."""
    # What no name can be the driver may not be able to bind either.
    metric = rows(Metric).filter(name=name).first() if name.isascii() and name else None
    if metric is None:
        return None
    return MetricRow(metric.name, metric.get_type_display(), metric.unit, metric.help)


def series(metric: str) -> list[SeriesRow]:
    """The series of a metric; empty for one that nobody has used."""
    found = rows(Series).filter(metric__name=metric).order_by("labels")
    return [
        SeriesRow(number, json.loads(labels), of)
        for number, labels, of in found.values_list("id", "labels", "metric_id")
    ]


def step_of(start: datetime, end: datetime) -> int:
    """Seconds a point so that a chart of the range has at most about 180 points."""
    return levels.usual_step((end - start).total_seconds())


def points(
    every: Sequence[SeriesRow], chosen: Collection[int], start: datetime, end: datetime, step: int
) -> dict[int, tuple[float, float]]:
    """What all series of a counter added in each step, and what the `chosen` of them did, by the
    step's start.

    Silent steps are left out.
    """
    level = levels.coarsest(step)
    first, stop = int(start.timestamp()) // step * step, int(end.timestamp()) + 1
    grid = Grid(level, first, -(-stop // level) * level, step)
    all_of_them = dict.fromkeys(together(every, level), 0)
    added = buckets.totals(all_of_them, grid)
    some = buckets.totals(dict.fromkeys(chosen, 0), grid)
    return {first + at * step: (total, some.get(at, 0.0)) for at, total in added.items()}


def together(every: Sequence[SeriesRow], level: int) -> list[int]:
    """By what the buckets of all series of a counter or a histogram are read at a level."""
    if levels.has_wholes(level):
        return [one.whole for one in every[:1]]
    return [one.id for one in every]


def totals(series_ids: Sequence[int], range_parts: Sequence[Part]) -> dict[int, Sums]:
    """What each series did over the whole range; silent ones are left out."""
    return buckets.over({one: one for one in series_ids}, range_parts)


def histograms(series_ids: Sequence[int], range_parts: Sequence[Part]) -> dict[int, Sums]:
    """The same of histograms, with the observations themselves."""
    return buckets.over({one: one for one in series_ids}, range_parts, histograms=True)


def last_values(metric: str, newer_than: datetime) -> list[float]:
    """The newest value of each series of a gauge, of those heard of since `newer_than`."""
    numbers = [one.id for one in series(metric)]
    values = []
    for number in numbers:
        newest = (
            rows(Bucket)
            .filter(resolution=10, series_id=number, start__gte=int(newer_than.timestamp()))
            .order_by("-start")
            .values_list("last", flat=True)[:1]
        )
        values += list(newest)
    return values


def moment(seconds: int) -> datetime:
    """The aware time of a bucket's start."""
    return datetime.fromtimestamp(seconds, UTC)
