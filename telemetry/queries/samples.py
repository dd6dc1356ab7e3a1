"""The metric samples of a unit: references to series, resolved when they are read."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from telemetry.models import Series
from telemetry.queries.store import rows


class Sample(NamedTuple):
    """One observation; `type` is "c" (counter), "g" (gauge) or "h" (histogram)."""

    type: str
    name: str
    labels: dict[str, str]
    value: float


SeriesById = dict[int, tuple[str, str, dict[str, str]]]


def series_of(stored: Iterable[Any]) -> SeriesById:
    """Type, name and labels of the series that columns of samples refer to."""
    wanted = {number for one in stored for number, _ in _pairs(one)}
    if not wanted:
        return {}
    columns = ("id", "metric__type", "metric__name", "labels")
    found = rows(Series).filter(id__in=wanted).values_list(*columns)
    return {number: (kind, name, json.loads(labels)) for number, kind, name, labels in found}


def resolve(stored: Any, series: SeriesById) -> list[Sample]:
    """The samples of one unit; `series` are those that it refers to."""
    if _is_written_out(stored):
        return [Sample(*sample) for sample in stored]
    return [
        Sample(*series.get(number, ("", f"(series {number})", {})), value)
        for number, value in _pairs(stored)
    ]


def _pairs(stored: Any) -> Iterator[tuple[int, float]]:
    if stored and not _is_written_out(stored):
        yield from zip(stored[::2], stored[1::2], strict=False)


def _is_written_out(stored: Any) -> bool:
    """Whether each sample still has its name and labels, as rows of the first version do."""
    return bool(stored) and isinstance(stored[0], list)
