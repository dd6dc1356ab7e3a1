"""Metrics: their names, series, and what they did over a time range."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connections

from telemetry.conf import settings
from telemetry.ingest import slices
from telemetry.models import Bucket, Metric, Series
from telemetry.queries import buckets, levels
from telemetry.queries.buckets import Grid, Sums
from telemetry.queries.levels import Part
from telemetry.queries.overflow import LABEL as OVERFLOW
from telemetry.queries.store import rows

_SLICES = (
    "SELECT id, value FROM telemetry_slice"
    " WHERE metric_id = %s AND label = %s AND value IS NOT NULL"
)


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
    every: Sequence[SeriesRow],
    label: str,
    chosen: Callable[[str], bool],
    start: datetime,
    end: datetime,
    step: int,
) -> dict[int, tuple[float, float]]:
    """What all series of a counter added in each step, and what those did whose value of `label`
    is `chosen`, by the step's start.

    Silent steps are left out.
    """
    level = levels.coarsest(step)
    first, stop = int(start.timestamp()) // step * step, int(end.timestamp()) + 1
    grid = Grid(level, first, -(-stop // level) * level, step)
    added = buckets.totals(dict.fromkeys(together(every, level), 0), grid)
    some = [one for one in every if chosen(one.labels.get(label, ""))]
    merged = dict.fromkeys(slices_of(some, label, level).values(), 0)
    told = buckets.totals(merged, grid)
    return {first + at * step: (total, told.get(at, 0.0)) for at, total in added.items()}


def together(every: Sequence[SeriesRow], level: int) -> list[int]:
    """By what the buckets of all series of a counter or a histogram are read at a level."""
    if levels.has_wholes(level):
        return [one.whole for one in every[:1]]
    return [one.id for one in every]


def slices_of(chosen: Sequence[SeriesRow], label: str, level: int) -> dict[int, int]:
    """By what the buckets of each series of a counter or a histogram are read at a level, where all
    that have its value of `label` are read with it: those of the slice, or its own.

    `{id: slice or id}`; see `ingest.slices`.
    """
    known = _slices(chosen[0].metric, label) if chosen and levels.has_wholes(level) else {}
    return {
        one.id: one.id if OVERFLOW in one.labels else known.get(one.labels.get(label), one.id)
        for one in chosen
    }


def _slices(metric: int, label: str) -> dict[str | None, int]:
    with connections[settings.DATABASE].cursor() as cursor:
        cursor.execute(_SLICES, [metric, label])
        return {value: slices.key(number) for number, value in cursor.fetchall()}


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
