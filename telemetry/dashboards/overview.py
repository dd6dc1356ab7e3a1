"""The picture for the first look: traffic, errors, latency, and the routes behind them."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from telemetry.dashboards import panels, units
from telemetry.dashboards.panels import Box
from telemetry.dashboards.sheet import (
    BLUE,
    GREEN,
    HEADER,
    INK,
    MARGIN,
    PURPLE,
    QUIET,
    RED,
    WIDTH,
    Sheet,
    columns,
    label_ends,
)
from telemetry.queries import images, metrics, overview
from telemetry.queries.images import Span
from telemetry.queries.overview import Overview

_ROUTES = 6
_PANEL = 236
_TILES = 74
_GUTTER = 104
_BARS = 276


def draw(chosen: Span) -> Sheet:
    """The whole picture; panels without data say so."""
    state = overview.overview(chosen.start, chosen.end, routes=10_000)
    sheet = Sheet("Overview", chosen, HEADER + _TILES + 2 * (_PANEL + 18) + _BARS)
    _tiles(sheet, state)
    (left, width), (right, _) = columns(2)
    top = HEADER + _TILES
    _rate(sheet, state, (left, top, width, _PANEL))
    _errors(sheet, state, (right, top, width, _PANEL))
    top += _PANEL + 18
    _latency(sheet, (left, top, width, _PANEL))
    _active(sheet, (right, top, width, _PANEL))
    top += _PANEL + 18
    _routes(sheet, state, top, _BARS)
    return sheet


def _tiles(sheet: Sheet, state: Overview) -> None:
    latency = state.latency
    facts = [
        ("Requests", units.number(state.requests), INK),
        ("Mean rate", units.rate(state.rate), INK),
        ("Failed (5xx)", units.percent(state.error_ratio), RED if state.errors else INK),
        *(
            (name, "-" if value is None else units.seconds(value), INK)
            for name, value in (
                ("p50", latency.p50),
                ("p95", latency.p95),
                ("p99", latency.p99),
                ("Slowest", latency.maximum),
            )
        ),
    ]
    width = (WIDTH - 2 * MARGIN) / len(facts)
    for number, (label, value, colour) in enumerate(facts):
        left = MARGIN + number * width
        sheet.text(left, HEADER + 8, label, width, size=8.5, color=QUIET)
        sheet.text(left, HEADER + 36, value, width, size=16, weight="bold", color=colour)


def _rates(sheet: Sheet, state: Overview) -> tuple[list[float], list[float]]:
    """Requests a second and failed ones a second, for each step."""
    points = {int(point.at.timestamp()): point for point in state.points}
    requests = {at: point.requests for at, point in points.items()}
    errors = {at: point.errors for at, point in points.items()}
    return sheet.span.rates(requests), sheet.span.rates(errors)


def _rate(sheet: Sheet, state: Overview, box: Box) -> None:
    axes = sheet.panel(box, "Request rate", "requests a second", _GUTTER)
    if not state.requests:
        sheet.empty(axes, "no requests in this time range")
        return
    rates, _ = _rates(sheet, state)
    panels.plot(sheet, axes, rates, BLUE, fill=True)
    panels.linear(axes, units.number, max(rates))
    _ends(axes, [(rates[-1], units.rate(rates[-1]), BLUE)])


def _errors(sheet: Sheet, state: Overview, box: Box) -> None:
    note = "share of requests answered with 500 or above"
    axes = sheet.panel(box, "Error ratio", note, _GUTTER)
    if not state.requests:
        sheet.empty(axes, "no requests in this time range")
        return
    ratios = [
        failed / rate if rate else 0.0 for rate, failed in zip(*_rates(sheet, state), strict=True)
    ]
    panels.plot(sheet, axes, ratios, RED, fill=True)
    panels.linear(axes, units.percent, max(ratios) or 0.01)
    if not state.errors:
        sheet.note(axes, "no request failed")
    _ends(axes, [(ratios[-1], units.percent(ratios[-1]), RED)])


def _latency(sheet: Sheet, box: Box) -> None:
    note = "darker: more requests; lines: half, 95 % and 99 % were faster"
    axes = sheet.panel(box, "Latency", note, _GUTTER)
    found = [
        one
        for metric in metrics.names()
        if metric.name == overview.DURATION
        for one in images.histogram(metric, sheet.span, 0)
    ]
    if found:
        panels.distribution(sheet, axes, found[0], units.seconds, _GUTTER)
    else:
        sheet.empty(axes, "no requests in this time range")


def _active(sheet: Sheet, box: Box) -> None:
    note = "requests being answered at once, most and fewest"
    axes = sheet.panel(box, "Active requests", note, _GUTTER)
    extremes = images.extremes(overview.ACTIVE, sheet.span)
    if not extremes:
        sheet.empty(axes, "no request was running when it was looked")
        return
    panels.peaks(sheet, axes, extremes)
    most = max(high for _, high in extremes.values())
    panels.linear(axes, units.number, most)
    _ends(axes, [(most, f"peak {units.number(most)}", GREEN)])


def _routes(sheet: Sheet, state: Overview, top: float, height: float) -> None:
    (left, width), (right, _) = columns(2)
    busiest = sorted(state.slowest, key=lambda row: (-row.requests, row.route, row.method))
    items = [
        (
            f"{row.method} {row.route}",
            row.requests,
            units.number(row.requests)
            + (f", {units.percent(row.error_ratio)} failed" if row.errors else ""),
        )
        for row in busiest[:_ROUTES]
    ]
    _bars(sheet, (left, top, width, height), "Busiest routes", "requests", items, BLUE)
    slowest = sorted(
        (row for row in state.slowest if row.latency.p95 is not None),
        key=lambda row: (-(row.latency.p95 or 0), row.route, row.method),
    )
    items = [
        (
            f"{row.method} {row.route}",
            row.latency.p95 or 0,
            f"{units.seconds(row.latency.p95 or 0)}, p99 {units.seconds(row.latency.p99 or 0)}",
        )
        for row in slowest[:_ROUTES]
    ]
    _bars(
        sheet, (right, top, width, height), "Slowest routes", "p95 of the duration", items, PURPLE
    )


def _bars(
    sheet: Sheet,
    box: Box,
    title: str,
    note: str,
    items: Sequence[tuple[str, float, str]],
    colour: str,
) -> None:
    axes = sheet.panel(box, title, note, timed=False)
    if items:
        panels.bars(axes, items, _ROUTES, colour, box[2])
    else:
        sheet.empty(axes, "no requests in this time range")


def _ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    label_ends(axes, ends, _GUTTER)
