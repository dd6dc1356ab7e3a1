"""Small multiples: one panel for each counter, gauge and histogram, on one sheet a kind."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from telemetry import display
from telemetry.dashboards import panels, units
from telemetry.dashboards.sheet import HEADER, MARGIN, QUIET, WIDTH, Sheet, columns
from telemetry.queries import images, metrics
from telemetry.queries.images import Distribution, Lines, Span
from telemetry.queries.metrics import MetricRow

_PANEL = 200
_GAP = 20
_COLUMNS = 2
_GUTTER = 176
# Panels on a sheet; more would be a poster. The rest are named below them.
MOST_PANELS = 24
_LINES = 5
# Beside the panel of a whole histogram, those of its busiest series.
_SERIES = 3

P = TypeVar("P")


def counters(chosen: Span) -> Sheet:
    """Each counter's rate over time, by its busiest labels."""
    found = [images.counter(metric, chosen, _LINES) for metric in _of_type("counter")]

    def one(sheet: Sheet, box: panels.Box, shown: Lines) -> None:
        many = _among(shown)
        note = f"a second; {units.of(shown.metric.name)(shown.total)} in all{many}"
        axes = sheet.panel(box, shown.metric.name, note, _GUTTER)
        write = units.of(shown.metric.name)
        panels.lines(sheet, axes, shown.lines, lambda value: f"{write(value)}/s", _GUTTER)

    return _grid("Counters", chosen, _active_first(found), one)


def gauges(chosen: Span) -> Sheet:
    """Each gauge over time, by its highest labels."""
    found = [images.gauge(metric, chosen, _LINES) for metric in _of_type("gauge")]

    def one(sheet: Sheet, box: panels.Box, shown: Lines) -> None:
        axes = sheet.panel(box, shown.metric.name, f"{shown.metric.help}{_among(shown)}", _GUTTER)
        panels.lines(sheet, axes, shown.lines, units.of(shown.metric.name), _GUTTER)

    return _grid("Gauges", chosen, _active_first(found), one)


def histograms(chosen: Span) -> Sheet:
    """Each histogram's distribution over time: all of it, then its busiest labels."""
    found: list[Distribution] = []
    for metric in _of_type("histogram"):
        found += images.histogram(metric, chosen, _SERIES) or [Distribution(metric, {}, 0, {})]

    def one(sheet: Sheet, box: panels.Box, shown: Distribution) -> None:
        note = f"{display.count(shown.count)} observation{'' if shown.count == 1 else 's'}"
        labels = " ".join(shown.labels.values())
        note = f"{labels}     {note}" if labels else f"all, {note}"
        axes = sheet.panel(box, shown.metric.name, note, 100)
        panels.distribution(sheet, axes, shown, units.of(shown.metric.name), 100)

    return _grid("Histograms", chosen, found, one)


def _of_type(kind: str) -> list[MetricRow]:
    return [metric for metric in metrics.names() if metric.type == kind]


def _active_first(found: list[Lines]) -> list[Lines]:
    return sorted(found, key=lambda shown: (not shown.lines, shown.metric.name))


def _among(shown: Lines) -> str:
    hidden = shown.series - len(shown.lines)
    return f"; the top {len(shown.lines)} of {shown.series} label sets" if hidden else ""


def _grid(
    title: str,
    chosen: Span,
    shown: Sequence[P],
    draw: Callable[[Sheet, panels.Box, P], None],
) -> Sheet:
    drawn = shown[:MOST_PANELS]
    rows = max(1, -(-len(drawn) // _COLUMNS))
    sheet = Sheet(title, chosen, HEADER + rows * (_PANEL + _GAP) + 24)
    places = columns(_COLUMNS)
    for number, each in enumerate(drawn):
        row, column = divmod(number, _COLUMNS)
        left, width = places[column]
        draw(sheet, (left, HEADER + row * (_PANEL + _GAP), width, _PANEL), each)
    foot = HEADER + rows * (_PANEL + _GAP) + 8
    if not drawn:
        text = f"No {title.lower()} have been declared."
        sheet.text(MARGIN, HEADER + 40, text, size=11, color=QUIET)
    elif len(shown) > len(drawn):
        text = f"{len(shown) - len(drawn)} more panels are not drawn."
        sheet.text(MARGIN, foot, text, WIDTH - 2 * MARGIN, size=8.5, color=QUIET)
    return sheet
