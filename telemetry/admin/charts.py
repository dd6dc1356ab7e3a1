"""The geometry of the overview's chart: bars as SVG attributes, so no style sheet is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from telemetry import display
from telemetry.queries.filters import Filters
from telemetry.queries.overview import Overview, Point

WIDTH = 1000
HEIGHT = 160


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: a bar for all requests, its lower part for failed ones; it links to its rows."""

    x: str
    width: str
    y: str
    height: str
    failed_y: str
    failed_height: str
    title: str
    query: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars within WIDTH by HEIGHT. `most` is the highest bar's rate, requests a second."""

    bars: Sequence[Bar]
    most: float
    first: datetime
    last: datetime
    width: int = WIDTH
    height: int = HEIGHT


def bars(state: Overview) -> Chart:
    """The requests of each step; the step that has not ended is drawn as far as it came."""
    most = max((point.requests for point in state.points), default=0)
    slot = WIDTH / max(len(state.points), 1)
    drawn = [
        _bar(point, index, slot, most, state.step)
        for index, point in enumerate(state.points)
        if point.requests
    ]
    return Chart(drawn, most / state.step, state.start, state.end)


def _bar(point: Point, index: int, slot: float, most: float, step: int) -> Bar:
    height = max(HEIGHT * point.requests / most, 2)
    failed = max(HEIGHT * point.errors / most, 2) if point.errors else 0
    end = point.at + timedelta(seconds=step)
    title = (
        f"{point.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: "
        f"{display.count(point.requests)} requests, {display.count(point.errors)} failed"
    )
    query = Filters().query(**{"from": f"{point.at:%FT%TZ}", "to": f"{end:%FT%TZ}"})
    return Bar(
        x=f"{index * slot + slot * 0.1:.2f}",
        width=f"{slot * 0.8:.2f}",
        y=f"{HEIGHT - height:.2f}",
        height=f"{height:.2f}",
        failed_y=f"{HEIGHT - failed:.2f}",
        failed_height=f"{failed:.2f}",
        title=title,
        query=query,
    )
