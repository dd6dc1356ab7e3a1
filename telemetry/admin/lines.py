"""The geometry of a chart of lines, as SVG attributes."""

from collections.abc import Sequence
from dataclasses import dataclass

from telemetry.admin.charts import HEIGHT, WIDTH
from telemetry.queries.courses import Course, Told, steps

# More could not be told apart.
MOST = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line in pieces, where it is broken; `number` is its colour's."""

    number: int
    name: str
    pieces: Sequence[str]


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines within WIDTH by HEIGHT, from `low` at the bottom to `high` at the top."""

    lines: Sequence[Line]
    low: float
    high: float
    width: int = WIDTH
    height: int = HEIGHT


def plot(told: Told) -> Plot | None:
    """The busiest lines; None where none has a value."""
    shown = told.courses[:MOST]
    values = [value for course in shown for value in course.values if value is not None]
    if not values:
        return None
    low, high = min(0.0, *values), max(0.0, *values)
    slot = WIDTH / steps(told.answer)
    lines = [
        Line(number, name_of(course), _pieces(course.values, slot, low, (high - low) or 1.0))
        for number, course in enumerate(shown, 1)
    ]
    return Plot(lines, low, high)


def name_of(course: Course) -> str:
    """The labels of a line, and its quantile."""
    labels = ", ".join(f"{name}={value}" for name, value in course.labels.items())
    if course.quantile is None:
        return labels or "all"
    return f"p{course.quantile * 100:g} {labels}".strip()


def _pieces(values: Sequence[float | None], slot: float, low: float, span: float) -> list[str]:
    pieces: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            pieces.append([])
            continue
        y = HEIGHT - (value - low) / span * HEIGHT * 0.96
        # A step is as wide as it lasted, so that one alone can be seen.
        pieces[-1] += [f"{place * slot:.1f},{y:.1f}", f"{(place + 1) * slot:.1f},{y:.1f}"]
    return [" ".join(piece) for piece in pieces if piece]
