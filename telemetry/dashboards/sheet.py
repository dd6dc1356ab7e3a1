"""A sheet of panels, laid out in pixels from its top left corner, and how everything on it looks.

The colours are Okabe and Ito's, which people with any common colour blindness tell apart.
"""

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from telemetry import display
from telemetry.queries.images import Span

WIDTH = 1280
MARGIN = 40
HEADER = 84
# For the marks of a panel's own scale.
_LEFT = 58
# Pixels an inch for the layout; files have half as many again, for dense screens.
_DPI = 100
_FILE_DPI = 150
# Text is as wide as this share of its height, on average.
_CHARACTER = 0.56

INK, QUIET, RULE, PAPER = "#1f2933", "#667080", "#dde2e8", "#ffffff"
BLUE, RED, GREEN, ORANGE, SKY, PURPLE = (
    "#0072b2", "#d55e00", "#009e73", "#e69f00", "#56b4e9", "#cc79a7",
)  # fmt: skip
COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY)
_TICK_SECONDS = (
    *(10, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200),
    *(86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000),
)


class Sheet:
    """One picture. `height` is in pixels, the header included."""

    def __init__(self, title: str, chosen: Span, height: int) -> None:
        self.span = chosen
        self._height = height
        self._figure = Figure(figsize=(WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor=PAPER)
        FigureCanvasAgg(self._figure)
        self.text(MARGIN, 36, title, size=17, weight="bold")
        self.text(MARGIN, 60, _range(chosen), size=9.5, color=QUIET)

    def text(self, x: float, y: float, text: str, width: float = 0, **style: Any) -> None:
        """Write one line with its baseline at `y`, cut to `width` pixels where that is given."""
        size = style.setdefault("size", 9)
        style.setdefault("color", INK)
        self._figure.text(
            x / WIDTH, 1 - y / self._height, fit(text, width, size), parse_math=False, **style
        )

    def panel(
        self,
        box: tuple[float, float, float, float],
        title: str,
        note: str = "",
        gutter: float = 0,
        *,
        timed: bool = True,
    ) -> Axes:
        """Axes in a box of (left, top, width, height), under a title and a quieter note.

        `gutter` pixels on the right are left free for labels; `timed` gives it the time axis.
        """
        left, top, width, height = box
        ticks = _LEFT if timed else 0
        self.text(left, top + 14, title, width, size=10.5, weight="bold")
        self.text(left, top + 30, note, width, size=8.5, color=QUIET)
        inner = (left + ticks, top + 42, width - ticks - gutter, height - 42 - 24)
        axes = self._figure.add_axes(
            (
                inner[0] / WIDTH,
                1 - (inner[1] + inner[3]) / self._height,
                inner[2] / WIDTH,
                inner[3] / self._height,
            )
        )
        _dress(axes)
        if timed:
            self._time_axis(axes, inner[2])
        else:
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
        return axes

    def empty(self, axes: Axes, text: str = "nothing in this time range") -> None:
        """Say in a panel that there is nothing to show."""
        axes.set_yticks([])
        axes.tick_params(axis="x", length=0)
        axes.grid(visible=False)
        axes.set_facecolor("#f6f8fa")
        axes.text(
            0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", size=9.5,
            color=QUIET, style="italic",
        )  # fmt: skip

    def note(self, axes: Axes, text: str) -> None:
        """Remark on a panel's curve, above it."""
        axes.text(
            0.01, 0.93, text, transform=axes.transAxes, va="top", size=9, color=QUIET,
            style="italic",
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write the PNG. Its metadata tells the range that it shows."""
        metadata = {
            "Software": "telemetry",
            "Description": f"{self.span.start.isoformat()}/{self.span.end.isoformat()}",
        }
        with warnings.catch_warnings():
            # Labels in scripts that the font lacks are drawn as boxes; each would be a warning.
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            self._figure.savefig(path, format="png", dpi=_FILE_DPI, metadata=metadata)

    def _time_axis(self, axes: Axes, width: float) -> None:
        start, end = self.span.start.timestamp(), self.span.end.timestamp()
        axes.set_xlim(start, end)
        most = max(2, int(width / 75))
        size = next((s for s in _TICK_SECONDS if (end - start) / s <= most), _TICK_SECONDS[-1])
        first = -(-int(start) // size) * size
        ticks = list(range(first, int(end) + 1, size))
        axes.set_xticks(ticks, [_tick(at, size) for at in ticks])


def fit(text: str, width: float, size: float) -> str:
    """`text` without control characters, cut at the end to about `width` pixels."""
    clean = display.escaped(text)
    most = int(width / (size * _DPI / 72 * _CHARACTER)) if width else len(clean)
    return clean if len(clean) <= most else clean[: max(1, most - 1)] + "…"


def columns(count: int) -> list[tuple[float, float]]:
    """(left, width) of so many equal columns."""
    gap = 28
    width = (WIDTH - 2 * MARGIN - gap * (count - 1)) / count
    return [(MARGIN + number * (width + gap), width) for number in range(count)]


def label_ends(
    axes: Axes, ends: Sequence[tuple[float, str, str]], width: float, size: float = 8.5
) -> None:
    """Write (y, text, colour) at the right of the axes, moved apart where they would touch."""
    low, high = axes.get_ylim()
    scale = axes.transData.transform
    bottom, top = (scale((0, y))[1] for y in (low, high))
    apart = size * _DPI / 72 * 1.25
    wanted = sorted(
        ((min(max(scale((0, y))[1], bottom), top), text, colour) for y, text, colour in ends),
        key=lambda end: end[0],
    )
    # Upwards with room between, then the whole pile down by as much as it stands out above.
    places: list[float] = []
    for place, _, _ in wanted:
        places.append(max(place, places[-1] + apart) if places else place)
    limit = top
    for number in range(len(places) - 1, -1, -1):
        places[number] = min(places[number], limit)
        limit = places[number] - apart
    for place, (_, text, colour) in zip(places, wanted, strict=True):
        axes.annotate(
            fit(text, width, size), xy=(1, (place - bottom) / (top - bottom)),
            xycoords="axes fraction", xytext=(6, 0), textcoords="offset points", va="center",
            size=size, color=colour, annotation_clip=False, parse_math=False,
        )  # fmt: skip


def _dress(axes: Axes) -> None:
    axes.set_facecolor(PAPER)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#aab2bd")
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5, labelcolor=QUIET, color="#aab2bd", length=3, which="both")
    axes.tick_params(axis="y", length=0, which="both")


def _tick(at: int, size: int) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    if size >= 86_400:
        return moment.strftime("%b %d")
    if size < 60:
        return moment.strftime("%H:%M:%S")
    return moment.strftime("%b %d") if at % 86_400 == 0 else moment.strftime("%H:%M")


def _range(chosen: Span) -> str:
    start, end = (moment.astimezone(UTC) for moment in (chosen.start, chosen.end))
    same_day = start.date() == end.date()
    until = f"{end:%H:%M:%S}" if same_day else f"{end:%Y-%m-%d %H:%M:%S}"
    step, level = display.step(chosen.step), display.step(chosen.resolution)
    told = step if step == level else f"{step}, added up from {level}"
    return f"{start:%Y-%m-%d %H:%M:%S} – {until} UTC     one point is {told}"
