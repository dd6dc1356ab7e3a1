"""A range query's answer as values over time: one for each step, a rate for what is counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from telemetry.queries import metrics, series
from telemetry.queries.listed import RECENT
from telemetry.queries.series import Answer, Point, SeriesPoints

QUANTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Course:
    """A line: a value for each step, None where there is none; `weight` tells busy ones."""

    labels: Mapping[str, str]
    quantile: float | None
    values: Sequence[float | None]
    weight: float


@dataclass(frozen=True, slots=True)
class Whole:
    """What a series, or several merged, did over the whole range."""

    labels: Mapping[str, str]
    did: Point


@dataclass(frozen=True, slots=True)
class Told:
    """A metric over a range: its course in steps, busiest lines first, and each series' sum."""

    answer: Answer
    courses: Sequence[Course]
    wholes: Sequence[Whole]


def told(name: str, start: datetime, end: datetime, by: Sequence[str] | None) -> Told:
    """The metric `name` in `start ≤ t < end`, merged to `by`. Raises BadQuery."""
    metric = metrics.find(name)
    quantiles = QUANTILES if metric is not None and metric.type == "histogram" else ()
    answer = series.query(name, start=start, end=end, by=by, quantiles=quantiles)
    # One step that holds the range: of a length that every level divides.
    hours = int(-(-(answer.end - answer.start) // timedelta(hours=1)))
    whole = series.query(
        name, start=start, end=end, by=by, quantiles=quantiles, step=max(1, hours) * 3_600
    )
    wholes = [Whole(one.labels, one.points[0]) for one in whole.series]
    wholes.sort(key=lambda one: (-_weight(answer.type, one.did), sorted(one.labels.items())))
    courses = [line for one in answer.series for line in _lines(answer, one)]
    courses.sort(key=lambda line: (-line.weight, sorted(line.labels.items())))
    return Told(answer, courses, wholes)


def steps(answer: Answer) -> int:
    """How many steps the range has."""
    return int(-(-(answer.end - answer.start) // timedelta(seconds=answer.step)))


def _lines(answer: Answer, one: SeriesPoints) -> list[Course]:
    weight = sum(_weight(answer.type, point) for point in one.points)
    if answer.type != "histogram":
        return [Course(one.labels, None, _values(answer, one, None), weight)]
    # Of several series one quantile each is enough to tell them apart.
    shown = QUANTILES if len(answer.series) == 1 else (0.95,)
    return [Course(one.labels, q, _values(answer, one, q), weight) for q in shown]


def _values(answer: Answer, one: SeriesPoints, q: float | None) -> list[float | None]:
    length = timedelta(seconds=answer.step)
    end = min(answer.end, datetime.now(UTC))
    empty = 0.0 if answer.type == "counter" else None
    values: list[float | None] = [empty] * steps(answer)
    for point in one.points:
        value = point.quantiles.get(q) if q is not None else _value(answer, point, end)
        values[(point.start - answer.start) // length] = value
    return _carried(values, RECENT // answer.step) if answer.type == "gauge" else values


def _value(answer: Answer, point: Point, end: datetime) -> float | None:
    if answer.type == "gauge":
        return point.last
    # The last step may be cut off by the end of the range, or have just begun.
    seconds = min(answer.step, (end - point.start).total_seconds())
    return point.total / max(1.0, seconds)


def _carried(values: list[float | None], most: int) -> list[float | None]:
    """A gauge that stays is written each few minutes; in between it is what it was."""
    last, age = None, 0
    for place, value in enumerate(values):
        if value is not None:
            last, age = value, 0
        elif last is not None and age < most:
            age += 1
            values[place] = last
    return values


def _weight(kind: str, did: Point) -> float:
    if kind == "gauge":
        return max(abs(did.maximum), abs(did.minimum))
    return did.total if kind == "counter" else did.count
