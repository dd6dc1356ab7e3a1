"""What the pictures show: each metric over time, from rollups alone."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Max, Min

from telemetry.ingest.builtin import SAMPLED
from telemetry.models import Bucket, Request, Series
from telemetry.queries import buckets, histograms, levels, metrics
from telemetry.queries.buckets import Grid, Sums
from telemetry.queries.metrics import MetricRow, SeriesRow
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

    @property
    def grid(self) -> Grid:
        """The steps as the range query has them."""
        return Grid(self.resolution, self.starts.start, self.stop, self.step)

    @property
    def stop(self) -> int:
        """The end of the last bucket that is read, seconds since the epoch."""
        return -(-self.starts.stop // self.resolution) * self.resolution


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
    """A histogram over time: the packed observations of each step that has some, by its start."""

    metric: MetricRow
    labels: Mapping[str, str]
    count: int
    steps: Mapping[int, bytes]

    def quantiles(
        self, starts: Iterable[int], shares: Sequence[float]
    ) -> dict[float, list[float | None]]:
        """Each quantile in each step; None where nothing was observed."""
        ranked = histograms.quantiles([self.steps.get(at, b"") for at in starts], shares)
        return {q: [told[place] for told in ranked] for place, q in enumerate(shares)}

    def rows(self, width: int) -> dict[int, Mapping[int, int]]:
        """How many observations of each step are in `width` buckets together, by `idx // width`."""
        found = histograms.rows(list(self.steps.values()), width)
        return dict(zip(self.steps, found, strict=True))


def span(start: datetime, end: datetime) -> Span:
    """The range in about 60 to 170 steps."""
    return Span(start, end, metrics.step_of(start, end))


def anything_stored() -> bool:
    """Whether there was anything to measure: what ingest looks at by itself does not count."""
    return rows(Request).exists() or rows(Series).exclude(metric__name__in=SAMPLED).exists()


def counter(metric: MetricRow, chosen: Span, most: int) -> Lines:
    """Events a second; a step without events is 0."""
    every = metrics.series(metric.name)
    weights = {
        number: did.total
        for number, did in _whole(every, chosen).items()
        if abs(did.total) < sys.float_info.max
    }
    shown = _busiest([one for one in every if one.id in weights], weights, most)
    sums: dict[int, dict[int, float]] = {one.id: {} for one in shown}
    starts = chosen.starts
    grid = chosen.grid
    steps = grid.steps
    for place, total in buckets.totals({one.id: one.id for one in shown}, grid).items():
        number, step = divmod(place, steps)
        sums[number][starts[step]] = total
    lines = [Line(one.labels, chosen.rates(sums[one.id]), weights[one.id]) for one in shown]
    return Lines(metric, lines, len(weights), sum(weights.values()))


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
    weights = {number: max(map(abs, told.values())) for number, told in values.items()}
    shown = _busiest([one for one in series if one.id in values], weights, most)
    lines = [
        Line(one.labels, [values[one.id].get(at) for at in chosen.starts], weights[one.id])
        for one in shown
    ]
    return Lines(metric, lines, len(weights), sum(weights.values()))


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
    every = metrics.series(metric.name)
    together = dict.fromkeys(metrics.together(every, chosen.resolution), 0)
    whole = _distributions(together, chosen).get(0)
    if whole is None:
        return []
    found = [Distribution(metric, {}, *whole)]
    counts = {number: did.count for number, did in _whole(every, chosen).items()} if most else {}
    if len(counts) > 1:
        shown = _busiest([one for one in every if one.id in counts], counts, most)
        each = _distributions({one.id: one.id for one in shown}, chosen)
        found += [Distribution(metric, one.labels, *each[one.id]) for one in shown]
    return found


def _distributions(
    groups: Mapping[int, int], chosen: Span
) -> dict[int, tuple[int, dict[int, bytes]]]:
    """How much each group observed, and its histogram by the start of the step."""
    found: dict[int, tuple[int, dict[int, bytes]]] = {}
    starts, grid = chosen.starts, chosen.grid
    number = grid.steps
    for place, n, _, _, _, histogram in buckets.sums(groups, grid, histograms=True):
        group, step = divmod(place, number)
        count, steps = found.get(group, (0, {}))
        steps[starts[step]] = histogram or b""
        found[group] = count + n, steps
    return found


def _whole(series: Sequence[SeriesRow], chosen: Span) -> dict[int, Sums]:
    """What each series did in all steps together; silent ones are left out."""
    first, stop = chosen.starts.start, chosen.stop
    parts = levels.parts_of_steps(chosen.resolution, first, stop, stop - first)
    return buckets.over({one.id: one.id for one in series}, parts)


def _busiest(
    series: Sequence[SeriesRow], weights: Mapping[int, float], most: int
) -> list[SeriesRow]:
    # By their labels where they are equally busy, so that the same data gives the same picture.
    ordered = sorted(series, key=lambda one: (-weights[one.id], sorted(one.labels.items())))
    return ordered[:most]


def _range(chosen: Span) -> dict[str, int]:
    starts = chosen.starts
    return {"start__gte": starts.start, "start__lt": starts.stop}


def _step(chosen: Span) -> object:
    return F("start") - F("start") % chosen.step
