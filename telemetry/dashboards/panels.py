"""Panels that several pictures have: lines over time, and a distribution over time."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from telemetry.dashboards.sheet import BLUE, COLOURS, GREEN, INK, QUIET, RED, Sheet, fit, label_ends
from telemetry.dashboards.units import Format
from telemetry.queries.images import QUANTILES, Distribution, Line
from telemetry.queries.quantiles import SCALE, ZERO

Values = Sequence[float | None]
# (left, top, width, height) in pixels
Box = tuple[float, float, float, float]
QUANTILE_COLOURS = {0.5: "#3d4852", 0.95: BLUE, 0.99: RED}
# Rollup buckets in one row of the heat map: a fourth of a doubling.
_ROW = 8
# Where zeros and less are, which a logarithmic axis has no place for.
_ZEROS = ZERO // _ROW
_HEAT = LinearSegmentedColormap.from_list("heat", ["#eaf3fa", "#9ccae6", "#4d9ccb", "#1b6ca8"])


def plot(sheet: Sheet, axes: Axes, values: Values, colour: str, *, fill: bool = False) -> None:
    """One line. It breaks where there is no value; a value alone becomes a dot."""
    starts = np.array(sheet.span.starts, dtype=float)
    heights = np.array([np.nan if value is None else value for value in values], dtype=float)
    axes.plot(starts, heights, color=colour, linewidth=1.6, solid_joinstyle="round")
    known = ~np.isnan(heights)
    alone = known & ~np.roll(known, 1) & ~np.roll(known, -1)
    axes.plot(starts[alone], heights[alone], "o", color=colour, markersize=3)
    if fill:
        axes.fill_between(starts, 0, heights, color=colour, alpha=0.13, linewidth=0)


def linear(axes: Axes, write: Format, highest: float, lowest: float = 0.0) -> None:
    """A scale that holds all values and, unless they are far from it, zero; a few round marks."""
    if is_far_from_zero(highest, lowest):
        spare = (highest - lowest) * 0.25 or abs(highest) * 0.05
        axes.set_ylim(lowest - spare, highest + spare)
    else:
        axes.set_ylim(min(0.0, lowest) * 1.1, max(0.0, highest) * 1.12 or 1)
    axes.yaxis.set_major_locator(MaxNLocator(4, min_n_ticks=3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))


def is_far_from_zero(highest: float, lowest: float) -> bool:
    """Whether a curve from `lowest` to `highest` would be flat on a scale from zero."""
    return lowest * highest > 0 and abs(highest - lowest) < 0.2 * max(abs(highest), abs(lowest))


def logarithmic(axes: Axes, write: Format, lowest: float, highest: float) -> None:
    """A scale of decades, with more marks where there are few of them."""
    axes.set_yscale("log")
    low, high = lowest / 1.25, highest * 1.35
    axes.set_ylim(low, high)
    decades = np.log10(high / low)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 3 else (1,), numticks=12))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def lines(
    sheet: Sheet, axes: Axes, shown: Sequence[Line], write: Format, label_width: float
) -> None:
    """The series of a metric, each labelled at its end with what tells it from the others."""
    if not shown:
        sheet.empty(axes)
        return
    titles = telling([line.labels for line in shown])
    known = [value for line in shown for value in line.values if value is not None]
    linear(axes, write, max(known), min(known))
    fill = len(shown) == 1 and not is_far_from_zero(max(known), min(known))
    ends = []
    for line, title, colour in zip(shown, titles, COLOURS, strict=False):
        plot(sheet, axes, line.values, colour, fill=fill)
        last = next(value for value in reversed(line.values) if value is not None)
        ends.append((last, title or write(last), colour))
    label_ends(axes, ends, label_width)


def telling(many: Sequence[Mapping[str, str]]) -> list[str]:
    """For each set of labels the values in which it differs from some other."""
    names = sorted({name for labels in many for name in labels})
    differing = [name for name in names if len({labels.get(name) for labels in many}) > 1]
    return [
        " ".join(labels[name] for name in differing if labels.get(name)) or "(none)"
        if differing
        else ""
        for labels in many
    ]


def distribution(
    sheet: Sheet, axes: Axes, found: Distribution, write: Format, label_width: float
) -> None:
    """Where observations lie over time: darker is more of them; lines are the quantiles."""
    starts = sheet.span.starts
    curves = found.quantiles(starts, QUANTILES)
    known = [value for values in curves.values() for value in values if value]
    if not known:
        sheet.empty(axes, "only zeros" if found.count else "nothing in this time range")
        return
    rows = found.rows(_ROW)
    lowest, highest = _bounds(rows)
    logarithmic(axes, write, lowest, highest)
    _heat(sheet, axes, rows)
    ends = []
    for q, values in curves.items():
        drawn = [value or None for value in values]
        plot(sheet, axes, drawn, QUANTILE_COLOURS[q])
        last = next((value for value in reversed(drawn) if value), None)
        if last is not None:
            ends.append((last, f"p{q * 100:g}  {write(last)}", QUANTILE_COLOURS[q]))
    label_ends(axes, ends, label_width)


def _bounds(rows: Mapping[int, Mapping[int, int]]) -> tuple[float, float]:
    seen = [row for column in rows.values() for row in column if row > _ZEROS]
    return 2 ** ((min(seen) * _ROW - 1) / SCALE), 2 ** (((max(seen) + 1) * _ROW - 1) / SCALE)


def _heat(sheet: Sheet, axes: Axes, rows: Mapping[int, Mapping[int, int]]) -> None:
    starts = list(sheet.span.starts)
    seen = [row for column in rows.values() for row in column if row > _ZEROS]
    first, last = min(seen), max(seen)
    grid = np.zeros((last - first + 1, len(starts)))
    place = {at: number for number, at in enumerate(starts)}
    for at, column in rows.items():
        for row, n in column.items():
            if row > _ZEROS:
                grid[row - first, place[at]] += n
    edges = [2 ** ((row * _ROW - 1) / SCALE) for row in range(first, last + 2)]
    axes.pcolormesh(
        [*starts, starts[-1] + sheet.span.step],
        edges,
        np.ma.masked_equal(grid, 0),
        cmap=_HEAT,
        # Few slow ones must still be seen beside many quick ones.
        norm=PowerNorm(0.45, vmin=0, vmax=max(1.0, grid.max())),
        linewidth=0,
        rasterized=True,
        zorder=1.5,
    )


def peaks(sheet: Sheet, axes: Axes, extremes: Mapping[int, tuple[float, float]]) -> None:
    """A gauge's lowest to highest value in each step; a step in which nothing came in is zero."""
    starts = list(sheet.span.starts)
    low = [extremes.get(at, (0.0, 0.0))[0] for at in starts]
    high = [extremes.get(at, (0.0, 0.0))[1] for at in starts]
    axes.fill_between(starts, low, high, step="post", color=GREEN, alpha=0.18, linewidth=0)
    axes.step(starts, high, where="post", color=GREEN, linewidth=1.5)


def bars(
    axes: Axes, items: Sequence[tuple[str, float, str]], most: int, colour: str, width: float
) -> None:
    """Horizontal bars of (name, length, text at its end), the first on top, in `most` rows."""
    axes.grid(visible=False)
    axes.set_yticks([])
    longest = max(length for _, length, _ in items) or 1
    axes.set_xlim(0, longest * 1.45)
    axes.set_ylim(most - 0.45, -0.55)
    for row, (name, length, text) in enumerate(items):
        axes.barh(row + 0.2, length, height=0.3, color=colour)
        axes.text(0, row, fit(name, width, 8.5), size=8.5, color=INK, va="bottom", parse_math=False)
        axes.text(
            length + longest * 0.012, row + 0.2, text, size=8.5, color=QUIET, va="center",
            parse_math=False,
        )  # fmt: skip
