"""Sums, extremes and quantiles of groups of series in each step, added up by the database."""
# The names of tables and columns are constants of this module.
# ruff: noqa: S608

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

from telemetry.conf import settings
from telemetry.queries import levels
from telemetry.queries.levels import Part
from telemetry.queries.quantiles import RANK_SLACK, middle

Place = tuple[int, int]

# The series with the number of the group that each belongs to, as `[[series, group], …]`: one
# parameter, however many there are. CROSS JOIN keeps SQLite from walking the buckets first.
_CHOSEN = """
WITH chosen AS MATERIALIZED (
    SELECT json_extract(value, '$[0]') AS series, json_extract(value, '$[1]') AS place
    FROM json_each(%s)
), parts AS MATERIALIZED (
    SELECT json_extract(value, '$[0]') AS level, json_extract(value, '$[1]') AS low,
        json_extract(value, '$[2]') AS high
    FROM json_each(%s)
)"""
_FROM = """
FROM parts CROSS JOIN chosen CROSS JOIN {table} b
    ON b.resolution = level AND b.series_id = series AND b.start >= low AND b.start < high"""
_SUMS = f"""{_CHOSEN}
SELECT place, (b.start - %s) / %s AS step, sum(count), total(b.total), min(minimum), max(maximum)
{_FROM.format(table="telemetry_bucket")}
GROUP BY place, step ORDER BY place, step"""
# With one max() SQLite takes the bare column from the row that has it.
_LAST = f"""{_CHOSEN}
SELECT place, step, total(last) FROM (
    SELECT place, (b.start - %s) / %s AS step, last, max(b.start)
    {_FROM.format(table="telemetry_bucket")}
    GROUP BY place, step, series
) GROUP BY place, step"""
# Group, step and bucket are one number while they are sorted, which takes half the time of three.
_IDX, _STEP = 1 << 17, 1 << 20
_LOWEST = 1 << 16
_RANKED = f"""{_CHOSEN}, cells AS (
    SELECT (place * {_STEP} + (b.start - %s) / %s) * {_IDX} + idx + {_LOWEST} AS cell, sum(n) AS n
    {_FROM.format(table="telemetry_histogrambucket")}
    GROUP BY cell
), ranked AS (
    SELECT cell, n,
        sum(n) OVER (PARTITION BY cell / {_IDX} ORDER BY cell ROWS UNBOUNDED PRECEDING) AS below,
        sum(n) OVER (PARTITION BY cell / {_IDX}) AS every
    FROM cells
), asked AS MATERIALIZED (
    -- The first rank at least, also of a share of 0.
    SELECT key, max(value * %s, 1e-18) AS share FROM json_each(%s)
)
SELECT cell / {_STEP * _IDX}, cell / {_IDX} %% {_STEP}, key, cell %% {_IDX} - {_LOWEST}
FROM ranked CROSS JOIN asked ON below >= every * share AND below - n < every * share"""


@dataclass(frozen=True, slots=True)
class Grid:
    """The range `first <= t < stop` in steps, all in seconds.

    It is read from buckets of `level`, and from coarser ones where a step holds them whole.
    """

    level: int
    first: int
    stop: int
    step: int

    def parts(self) -> list[Part]:
        """What is read, in order of time."""
        return levels.parts_of_steps(self.level, self.first, self.stop, self.step)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a group did in one step."""

    count: int
    total: float
    minimum: float
    maximum: float


def sums(groups: Mapping[int, int], grid: Grid) -> Iterator[tuple[Place, Sums]]:
    """`(group, step)` and what it did, in their order; silent ones are left out.

    `groups` is the group of each series: `{series: group}`.
    """
    for place, step, count, total, low, high in _read(_SUMS, groups, grid):
        yield (place, step), Sums(count, _finite(total), low, high)


def last(groups: Mapping[int, int], grid: Grid) -> dict[Place, float]:
    """The newest value of a gauge in each step, added up over the series of a group."""
    found = _read(_LAST, groups, grid)
    return {(place, step): _finite(value) for place, step, value in found}


def quantiles(
    groups: Mapping[int, int], grid: Grid, asked: Sequence[float]
) -> dict[Place, dict[float, float]]:
    """The quantiles of each group in each step, by nearest rank, as the middle of their bucket."""
    found: dict[Place, dict[float, float]] = {}
    if asked:
        ranks = (RANK_SLACK, json.dumps(list(asked)))
        for place, step, key, idx in _read(_RANKED, groups, grid, *ranks):
            found.setdefault((place, step), {})[asked[key]] = middle(idx)
    return found


def any_in(series: int, grid: Grid) -> bool:
    """Whether a series has done anything in the range."""
    return next(sums({series: 0}, grid), None) is not None


def _read(sql: str, groups: Mapping[int, int], grid: Grid, *more: Any) -> list[tuple[Any, ...]]:
    parts = json.dumps([(part.resolution, part.low, part.high) for part in grid.parts()])
    chosen = json.dumps(list(groups.items()))
    with connections[settings.DATABASE].cursor() as cursor:
        cursor.execute(sql, [chosen, parts, grid.first, grid.step, *more])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _finite(value: float | None) -> float:
    """A sum that passed the largest float is told as that, in both directions as 0: JSON has no
    infinity."""
    return 0.0 if value is None else max(-sys.float_info.max, min(value, sys.float_info.max))
