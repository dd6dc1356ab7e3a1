"""The arguments of the range query, each checked and named where it will not do."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from telemetry.queries import levels, metrics
from telemetry.queries.buckets import Grid
from telemetry.queries.levels import MAX_POINTS
from telemetry.queries.metrics import MetricRow, SeriesRow

MAX_QUANTILES = 20
MAX_SERIES = 500
# All points of an answer together.
MAX_ANSWER = 100_000
# Points of all series together where the step is chosen: a chart of forty lines needs no hours of a
# month, which take ten times as long to add up as its days.
_CHOSEN_ANSWER = 1_500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(9999, 1, 1, tzinfo=UTC)
_MAX_STEP = 10**9


class BadQuery(ValueError):
    """A query that cannot be answered. `argument` names what is wrong, `message` says why."""

    def __init__(self, argument: str, message: str) -> None:
        super().__init__(f"{argument}: {message}")
        self.argument = argument
        self.message = message


def metric(name: Any) -> MetricRow:
    """The metric of this name."""
    found = metrics.find(name) if isinstance(name, str) else None
    if found is None:
        raise BadQuery("name", f"there is no metric {name!r}")
    return found


def check_range(start: Any, end: Any) -> None:
    """Two times with a time zone, the first before the second."""
    for argument, value in (("start", start), ("end", end)):
        if not isinstance(value, datetime) or value.utcoffset() is None:
            raise BadQuery(argument, f"{value!r} is not a time with a time zone")
        if not _EPOCH <= value <= _END:
            raise BadQuery(argument, f"{value} lies outside the years 1970 to 9998")
    if start >= end:
        raise BadQuery("start", f"{start} is not before end, {end}")


def quantiles(asked_of: MetricRow, asked: Sequence[Any]) -> list[float]:
    """The shares that are asked for, each once."""
    found: list[float] = []
    for q in asked:
        if isinstance(q, bool) or not isinstance(q, int | float) or not 0 <= q <= 1:
            raise BadQuery("quantiles", f"{q!r} is not a number from 0 to 1")
        found += [q] if q not in found else []
    if found and asked_of.type != "histogram":
        raise BadQuery(
            "quantiles", f"{asked_of.name} is a {asked_of.type}; a histogram has quantiles"
        )
    if len(found) > MAX_QUANTILES:
        raise BadQuery("quantiles", f"{len(found)} of them, {MAX_QUANTILES} at most")
    return found


def matching(every: Sequence[SeriesRow], labels: Mapping[str, str] | None) -> list[SeriesRow]:
    """The series with these values of labels."""
    if not labels:
        return list(every)
    check_labels("labels", labels, every)
    found = [one for one in every if labels.items() <= one.labels.items()]
    if not found:
        raise BadQuery("labels", f"no series has {dict(labels)!r}")
    return found


def check_labels(argument: str, given: Collection[str], every: Sequence[SeriesRow]) -> None:
    """Names of labels that some of the series have."""
    there = {label for one in every for label in one.labels}
    for label in given:
        if label not in there:
            known = f"has {', '.join(sorted(there))}" if there else "has no labels"
            raise BadQuery(argument, f"there is no label {label!r}; the metric {known}")


def grid(start: datetime, end: datetime, step: Any, series: int) -> Grid:
    """The level and the steps that a range is read in; a step of None is chosen."""
    low, high = math.floor(start.timestamp()), math.ceil(end.timestamp())
    span = high - low
    most = min(MAX_POINTS // 2, min(MAX_ANSWER // 2, _CHOSEN_ANSWER) // (series + 1))
    chosen = levels.step_for(span, low, most) if step is None else None
    step = _step(step) if chosen is None else chosen
    level: int | None
    if chosen is not None and levels.coarsest(chosen) > levels.by_range(span):
        # Begun at a finer level's bucket its steps would be made of those.
        level = levels.coarsest(chosen)
    else:
        candidates = levels.dividing(step)
        level = levels.pick(candidates, span, low)
        if level is None:
            raise _too_old(step, candidates[-1], low)
    first, stop = low // level * level, -(-high // level) * level
    points = -(-(stop - first) // step)
    if points > MAX_POINTS:
        least = -(-(stop - first) // (MAX_POINTS * level)) * level
        raise BadQuery(
            "step",
            f"{step} is too small for this range: {points} points a series, {MAX_POINTS} at most; "
            f"from {least} seconds on it does",
        )
    if points * series > MAX_ANSWER:
        raise BadQuery("step", f"{points * series} points in {series} series, {MAX_ANSWER} at most")
    return Grid(level, first, stop, step)


def _step(step: Any) -> int:
    if isinstance(step, bool) or not isinstance(step, int) or not 0 < step <= _MAX_STEP:
        raise BadQuery("step", f"{step!r} is not a whole number of seconds from 1 to {_MAX_STEP}")
    if not levels.dividing(step):
        raise BadQuery("step", f"{step} is not a multiple of 10 seconds, 60 or 3600")
    return step


def _too_old(step: int, level: int, low: int) -> BadQuery:
    return BadQuery(
        "step",
        f"{step} is too small for this range: buckets of {level} s are kept for "
        f"{levels.kept_days(level):g} days; from its start on a step is a multiple of "
        f"{levels.finest_held(low)} seconds",
    )
