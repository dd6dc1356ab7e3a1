"""Metrics: their names, series, and what they did over a time range."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import F, Max, Q, Sum

from telemetry.models import Bucket, HistogramBucket, Metric, Series
from telemetry.queries import levels
from telemetry.queries.levels import DAY, HOUR, Part
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


@dataclass(frozen=True, slots=True)
class Sums:
    """What a series did in one step or range. `total` adds increments or observations."""

    count: int
    total: float
    maximum: float


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
    found = rows(Series).filter(metric__name=metric).order_by("labels").values_list("id", "labels")
    return [SeriesRow(number, json.loads(labels)) for number, labels in found]


def step_of(start: datetime, end: datetime) -> int:
    """Seconds a point so that a chart of the range has at most about 180 points.

    From 12 h on it is hours: minutes of a day in all series of a site would be too many to add up.
    """
    span = (end - start).total_seconds()
    for most, step in ((1_800, 10), (2 * HOUR, 60), (12 * HOUR, 300)):
        if span <= most:
            return step
    return HOUR if span <= 31 * DAY else DAY


def points(
    series_ids: Sequence[int], chosen: Collection[int], start: datetime, end: datetime, step: int
) -> dict[int, tuple[float, float]]:
    """What all series added in each step, and what the `chosen` of them did, by the step's start.

    Silent steps are left out. One walk over the buckets answers both.
    """
    resolution = levels.coarsest(step)
    low, high = int(start.timestamp()) // step * step, int(end.timestamp()) + 1
    found = (
        rows(Bucket)
        .filter(resolution=resolution, series_id__in=series_ids, start__gte=low, start__lt=high)
        .values(at=F("start") - F("start") % step)
        .annotate(
            every=Sum("total"),
            some=Sum("total", filter=Q(series_id__in=chosen), default=0.0),
        )
    )
    return {row["at"]: (row["every"], row["some"]) for row in found}


def totals(series_ids: Sequence[int], range_parts: Iterable[Part]) -> dict[int, Sums]:
    """What each series did over the whole range; silent ones are left out."""
    sums: dict[int, Sums] = {}
    for part in range_parts:
        found = (
            rows(Bucket)
            .filter(
                resolution=part.resolution,
                series_id__in=series_ids,
                start__gte=part.low,
                start__lt=part.high,
            )
            .values("series_id")
            .annotate(n=Sum("count"), sum=Sum("total"), most=Max("maximum"))
        )
        for row in found:
            old = sums.get(row["series_id"], Sums(0, 0.0, row["most"]))
            sums[row["series_id"]] = Sums(
                old.count + row["n"], old.total + row["sum"], max(old.maximum, row["most"])
            )
    return sums


def histograms(series_ids: Sequence[int], range_parts: Iterable[Part]) -> dict[int, dict[int, int]]:
    """The histogram of each series over the whole range: `{series: {idx: n}}`."""
    merged: dict[int, dict[int, int]] = {}
    for part in range_parts:
        found = (
            rows(HistogramBucket)
            .filter(
                resolution=part.resolution,
                series_id__in=series_ids,
                start__gte=part.low,
                start__lt=part.high,
            )
            .values("series_id", "idx")
            .annotate(total=Sum("n"))
            .values_list("series_id", "idx", "total")
        )
        for number, idx, total in found:
            buckets = merged.setdefault(number, {})
            buckets[idx] = buckets.get(idx, 0) + total
    return merged


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
