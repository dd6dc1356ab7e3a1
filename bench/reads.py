"""The reads of `telemetry.queries` that pages, pictures, commands and the API are made of.

`range reads` walk roll-ups; the others go by key, and are here to be seen, not judged.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bench.year import Known
from telemetry.queries import (
    courses,
    errors,
    gaps,
    images,
    levels,
    listed,
    loadruns,
    logs,
    metrics,
    names,
    objectives,
    overflow,
    overview,
    requests,
    series,
    status,
    tail,
    traces,
    transactions,
)
from telemetry.queries.filters import Filters
from telemetry.queries.metrics import MetricRow
from telemetry.queries.paging import Cursor

SPANS = {"1 h": 1, "24 h": 24, "7 d": 168, "30 d": 720, "365 d": 8_760}
COUNT, DURATION = overview.REQUESTS, overview.DURATION


class Read(NamedTuple):
    """`is_range`: it is answered from roll-ups, and judged."""

    name: str
    is_range: bool
    run: Callable[[], object]


def all_reads(known: Known, end: datetime) -> Iterator[Read]:
    """Every one, over ranges that end at `end`."""
    for label, hours in SPANS.items():
        yield from _of_range(label, end - timedelta(hours=hours), end, known)
    yield from _of_metrics(end)
    yield from _of_rows(known)


def _of_range(label: str, start: datetime, end: datetime, known: Known) -> Iterator[Read]:
    def ask(name: str, **how: Any) -> Callable[[], object]:
        return lambda: series.query(name, start=start, end=end, **how)

    def picture(read: Callable[..., object], name: str) -> Callable[[], object]:
        def run() -> object:
            metric = metrics.find(name)
            return read(metric, images.span(start, end), 8)

        return run

    ids = _ids(COUNT)
    asked = [0.5, 0.95, 0.99]
    one = {"route": known.route}
    found = {
        "overview": lambda: overview.overview(start, end),
        "objectives": lambda: objectives.objectives(start, end),
        "courses.told, by status": lambda: courses.told(COUNT, start, end, ["status"]),
        "images.counter": picture(images.counter, COUNT),
        "images.gauge": picture(images.gauge, overview.ACTIVE),
        "images.extremes": lambda: images.extremes(overview.ACTIVE, images.span(start, end)),
        "images.histogram": picture(_distribution, DURATION),
        "metrics.points": lambda: metrics.points(
            metrics.series(COUNT), "status", "500".__eq__, start, end, metrics.step_of(start, end)
        ),
        "metrics.totals": lambda: metrics.totals(ids(), levels.parts(start, end)),
        "metrics.histograms": lambda: metrics.histograms(
            _ids(DURATION)(), levels.parts(start, end)
        ),
        "series, all in one": ask(COUNT, by=[]),
        "series, each": ask(COUNT),
        "series, by route": ask(COUNT, by=["route"]),
        "series, one route": ask(COUNT, labels=one, by=["status"]),
        "series, gauge": ask(overview.ACTIVE),
        "series, quantiles, all in one": ask(DURATION, by=[], quantiles=asked),
        "series, quantiles, one route": ask(DURATION, labels=one, by=[], quantiles=asked),
        "series, quantiles, by route": ask(DURATION, by=["route"], quantiles=asked),
    }
    for name, run in found.items():
        yield Read(f"{name}, {label}", True, run)


def _distribution(metric: MetricRow, chosen: images.Span, most: int) -> object:
    """What is drawn of a histogram, too."""
    found = images.histogram(metric, chosen, most)
    return [(one.quantiles(chosen.starts, images.QUANTILES), one.rows(8)) for one in found]


def _ids(name: str) -> Callable[[], list[int]]:
    return lambda: [one.id for one in metrics.series(name)]


def _of_metrics(end: datetime) -> Iterator[Read]:
    yield Read("metrics.names", True, metrics.names)
    yield Read("listed", True, lambda: listed.listed(end.timestamp()))
    yield Read("metrics.series", True, lambda: metrics.series(DURATION))
    newer = end - timedelta(minutes=10)
    yield Read("metrics.last_values", True, lambda: metrics.last_values(overview.ACTIVE, newer))
    yield Read("overflow.observations", True, overflow.observations)
    yield Read("images.anything_stored", True, images.anything_stored)


def _of_rows(known: Known) -> Iterator[Read]:
    newest = Cursor()
    unit = [known.uid]
    follower = tail.Wanted(level=20)
    now = datetime.now(UTC)
    found: dict[str, Callable[[], object]] = {
        "requests.page": lambda: requests.page(Filters(), newest),
        "requests.page, failed": lambda: requests.page(Filters(status=(500, 599)), newest),
        "requests.page, one route": lambda: requests.page(Filters(route=known.route), newest),
        "requests.page, no such user": lambda: requests.page(Filters(user="nobody"), newest),
        "requests.any_stored": requests.any_stored,
        "requests.by_uids": lambda: list(requests.by_uids(unit)),
        "logs.page": lambda: logs.page(Filters(), newest),
        "logs.page, errors": lambda: logs.page(Filters(level=40), newest),
        "logs.page, no such text": lambda: logs.page(Filters(q="nowhere"), newest),
        "logs.any_stored": logs.any_stored,
        "logs.of_units": lambda: logs.of_units(unit, 100),
        "errors.page": lambda: errors.page(Filters(), newest),
        "errors.newest": lambda: errors.newest(5),
        "errors.any_stored": errors.any_stored,
        "errors.group": lambda: errors.group(1),
        "errors.occurrences": lambda: errors.occurrences(1, Filters(), newest),
        "errors.of_units": lambda: errors.of_units(unit, 100),
        "traces.find": lambda: traces.find(known.uid),
        "traces.trace": lambda: traces.trace(known.uid),
        "transactions.dossier": lambda: transactions.dossier(known.transaction),
        "names.containing": lambda: names.containing("payments"),
        "loadruns.page": lambda: loadruns.page(Filters(), newest),
        "loadruns.any_stored": loadruns.any_stored,
        "tail.Follower": lambda: list(tail.Follower(follower, now - timedelta(minutes=1)).fresh()),
        "gaps.ended": gaps.ended,
        "status": status.status,
    }
    for name, run in found.items():
        yield Read(name, False, run)
