"""What the pictures show: each metric over time, from rollups alone."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Max, Min, Sum

from telemetry.ingest.builtin import SAMPLED
from telemetry.models import Bucket, HistogramBucket, Request, Series
from telemetry.queries import levels, metrics
from telemetry.queries.metrics import MetricRow, SeriesRow
from telemetry.queries.quantiles import quantile
from telemetry.queries.store import rows

QUANTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Span:
    """A time range in steps. `starts` are seconds since the epoch; the last step may be short."""

    start: datetime
    end: datetime
    step: int

    @property
    def starts(self) -> range:
        """The start of each step."""
        first = int(self.start.timestamp()) // self.step * self.step
        return range(first, int(self.end.timestamp()) + 1, self.step)

    def rates(self, sums: Mapping[int, float]) -> list[float]:
        """Sums by step as events a second.

        The last step is added to the one before it: begun a moment ago, it says nothing by itself.
        """
        found = [sums.get(at, 0.0) / self.step for at in self.starts]
        lasted = max(1.0, self.end.timestamp() - self.starts[-1])
        if lasted < self.step:
            before = sums.get(self.starts[-2], 0.0) if len(found) > 1 else 0.0
            length = lasted + (self.step if len(found) > 1 else 0)
            found[-1] = (before + sums.get(self.starts[-1], 0.0)) / length
        return found

    @property
    def resolution(self) -> int:
        """The coarsest rollup that the steps can be made of."""
        return levels.coarsest(self.step)


@dataclass(frozen=True, slots=True)
class Line:
    """One series: a value for each step. `weight` is what the busiest lines are chosen by."""

    labels: Mapping[str, str]
    values: Sequence[float | None]
    weight: float


@dataclass(frozen=True, slots=True)
class Lines:
    """The busiest series of a metric, and how many there are. Counters are in events a second."""

    metric: MetricRow
    lines: Sequence[Line]
    series: int
    total: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram over time: observations by step and bucket, and its quantiles in each step."""

    metric: MetricRow
    labels: Mapping[str, str]
    count: int
    cells: Mapping[int, Mapping[int, int]]

    def quantiles(self, starts: Iterable[int], q: float) -> list[float | None]:
        """The `q`-quantile of each step; None where nothing was observed."""
        return [quantile(self.cells.get(at, {}), q) for at in starts]


def span(start: datetime, end: datetime) -> Span:
    """The range in about 60 to 170 steps."""
    return Span(start, end, metrics.step_of(start, end))


def anything_stored() -> bool:
    """Whether there was anything to measure: what ingest looks at by itself does not count."""
    return rows(Request).exists() or rows(Series).exclude(metric__name__in=SAMPLED).exists()


def counter(metric: MetricRow, chosen: Span, most: int) -> Lines:
    """Events a second; a step without events is 0."""
    series = metrics.series(metric.name)
    sums: dict[int, dict[int, float]] = {}
    for number, at, total in (
        rows(Bucket)
        .filter(
            resolution=chosen.resolution,
            series_id__in=[one.id for one in series],
            **_range(chosen),
        )
        .values("series_id", at=_step(chosen))
        .annotate(sum=Sum("total"))
        .values_list("series_id", "at", "sum")
    ):
        if math.isfinite(total):
            sums.setdefault(number, {})[at] = total
    lines = [
        Line(
            one.labels,
            chosen.rates(sums[one.id]),
            sum(sums[one.id].values()),
        )
        for one in series
        if one.id in sums
    ]
    return _busiest(metric, lines, most)


def gauge(metric: MetricRow, chosen: Span, most: int) -> Lines:
    """The newest value in each step; None where it was not set."""
    series = metrics.series(metric.name)
    values: dict[int, dict[int, float]] = {}
    found = (
        rows(Bucket)
        .filter(
            resolution=chosen.resolution,
            series_id__in=[one.id for one in series],
            **_range(chosen),
        )
        .order_by("start")
        .values_list("series_id", "start", "last")
    )
    for number, start, last in found:
        if math.isfinite(last):
            values.setdefault(number, {})[start // chosen.step * chosen.step] = last
    lines = [
        Line(
            one.labels,
            [values[one.id].get(at) for at in chosen.starts],
            max(abs(value) for value in values[one.id].values()),
        )
        for one in series
        if one.id in values
    ]
    return _busiest(metric, lines, most)


def extremes(name: str, chosen: Span) -> dict[int, tuple[float, float]]:
    """The lowest and highest value of a gauge, all its series, in each step that has one."""
    found = (
        rows(Bucket)
        .filter(
            resolution=chosen.resolution,
            series_id__in=[one.id for one in metrics.series(name)],
            **_range(chosen),
        )
        .values(at=_step(chosen))
        .annotate(low=Min("minimum"), high=Max("maximum"))
        .values_list("at", "low", "high")
    )
    return {at: (low, high) for at, low, high in found if math.isfinite(low + high)}


def histogram(metric: MetricRow, chosen: Span, most: int) -> list[Distribution]:
    """All series of a metric together, then the `most` busiest; empty without observations."""
    series = metrics.series(metric.name)
    whole = _distribution(metric, {}, series, chosen)
    if not whole.count:
        return []
    counts = _observations(series, chosen)
    if len(counts) < 2:
        return [whole]
    busiest = sorted((one for one in series if one.id in counts), key=lambda one: -counts[one.id])[
        :most
    ]
    return [whole, *(_distribution(metric, one.labels, [one], chosen) for one in busiest)]


def _observations(series: Sequence[SeriesRow], chosen: Span) -> dict[int, int]:
    found = (
        rows(Bucket)
        .filter(
            resolution=chosen.resolution,
            series_id__in=[one.id for one in series],
            **_range(chosen),
        )
        .values("series_id")
        .annotate(sum=Sum("count"))
        .values_list("series_id", "sum")
    )
    return dict(found)


def _distribution(
    metric: MetricRow, labels: Mapping[str, str], series: Sequence[SeriesRow], chosen: Span
) -> Distribution:
    cells: dict[int, dict[int, int]] = {}
    found = (
        rows(HistogramBucket)
        .filter(
            resolution=chosen.resolution,
            series_id__in=[one.id for one in series],
            **_range(chosen),
        )
        .values("idx", at=_step(chosen))
        .annotate(sum=Sum("n"))
        .values_list("at", "idx", "sum")
    )
    for at, idx, n in found:
        cells.setdefault(at, {})[idx] = n
    count = sum(sum(column.values()) for column in cells.values())
    return Distribution(metric, labels, count, cells)


def _busiest(metric: MetricRow, lines: list[Line], most: int) -> Lines:
    # By their labels where they are equally busy, so that the same data gives the same picture.
    ordered = sorted(lines, key=lambda line: (-line.weight, sorted(line.labels.items())))
    return Lines(metric, ordered[:most], len(lines), sum(line.weight for line in lines))


def _range(chosen: Span) -> dict[str, int]:
    starts = chosen.starts
    return {"start__gte": starts.start, "start__lt": starts.stop}


def _step(chosen: Span) -> object:
    return F("start") - F("start") % chosen.step
