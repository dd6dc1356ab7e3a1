"""Sums, extremes and histograms of groups of series in each step, added up by the database."""
# The names of tables and columns are constants of this module.
# ruff: noqa: S608

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db import connections

from telemetry.conf import settings
from telemetry.queries import levels
from telemetry.queries.levels import Part

# Where in a grid, and the fields of its `Sums`, in their order.
Did = tuple[int, int, float, float, float, bytes | None]

# Group and step are one number, `place`: SQLite sorts by one in less time. The series come with the
# place of their group's first step, as `[[series, first], …]`: one parameter, however many there
# are. CROSS JOIN keeps SQLite from walking the buckets first.
_CHOSEN = """
WITH chosen AS MATERIALIZED (
    SELECT json_extract(value, '$[0]') AS series, json_extract(value, '$[1]') AS first
    FROM json_each(%s)
), parts AS MATERIALIZED (
    SELECT json_extract(value, '$[0]') AS level, json_extract(value, '$[1]') AS low,
        json_extract(value, '$[2]') AS high
    FROM json_each(%s)
)"""
_FROM = """
FROM parts CROSS JOIN chosen CROSS JOIN telemetry_bucket b
    ON b.resolution = level AND b.series_id = series AND b.start >= low AND b.start < high"""
# A sum that passed the largest float is told as that, in both directions as 0: JSON has no
# infinity.
_FINITE = f"coalesce(max({-sys.float_info.max!r}, min({sys.float_info.max!r}, {{}})), 0.0)"
_SUMS = f"""{_CHOSEN}
SELECT first + (b.start - %s) / %s AS place, sum(count), {_FINITE.format("total(b.total)")},
    min(minimum), max(maximum), {{histogram}}
{_FROM}
GROUP BY place ORDER BY place"""
# Where each bucket is a group's step by itself there is nothing to add up, and to sort for it.
_EACH = f"""{_CHOSEN}
SELECT first + (b.start - %s) / %s, count, {_FINITE.format("b.total")}, minimum, maximum,
    {{histogram}}
{_FROM}"""
_BARE = _SUMS.format(histogram="NULL")
# Histograms that stand behind each other are one, see `ingest.packed`.
_FULL = _SUMS.format(histogram="CAST(group_concat(histogram, '') AS BLOB)")
_TOTALS = f"""{_CHOSEN}
SELECT first + (b.start - %s) / %s AS place, {_FINITE.format("total(b.total)")}
{_FROM}
GROUP BY place ORDER BY place"""
# With one max() SQLite takes the bare column from the row that has it.
_LAST = f"""{_CHOSEN}
SELECT place, {_FINITE.format("total(last)")} FROM (
    SELECT first + (b.start - %s) / %s AS place, last, max(b.start)
    {_FROM}
    GROUP BY place, series
) GROUP BY place"""
# A step that holds every range.
_FOREVER = 1 << 40


@dataclass(frozen=True, slots=True)
class Grid:
    """The range `first <= t < stop` in steps, all in seconds.

    It is read from buckets of `level`, and from coarser ones where a step holds them whole.
    """

    level: int
    first: int
    stop: int
    step: int

    @property
    def steps(self) -> int:
        """How many there are."""
        return -(-(self.stop - self.first) // self.step)

    def parts(self) -> list[Part]:
        """What is read, in order of time."""
        return levels.parts_of_steps(self.level, self.first, self.stop, self.step)


@dataclass(slots=True)
class Sums:
    """What a group did in one step, or range. `histogram` is packed; None where not asked for."""

    count: int
    total: float
    minimum: float
    maximum: float
    histogram: bytes | None


def sums(groups: Mapping[int, int], grid: Grid, *, histograms: bool = False) -> list[Did]:
    """What each group did in each step, by `group * grid.steps + step`; silent ones are left out.

    `groups` is the group of each series: `{series: group}`.
    """
    parts = grid.parts()
    if grid.step == grid.level and len(parts) == 1 and len(set(groups.values())) == len(groups):
        sql = _EACH.format(histogram="histogram" if histograms else "NULL")
        groups = dict(sorted(groups.items(), key=itemgetter(1)))
    else:
        sql = _FULL if histograms else _BARE
    return _in_steps(sql, groups, grid, parts)


def totals(groups: Mapping[int, int], grid: Grid) -> dict[int, float]:
    """The totals alone of `sums`, for less."""
    return dict(_in_steps(_TOTALS, groups, grid, grid.parts()))


def last(groups: Mapping[int, int], grid: Grid) -> dict[int, float]:
    """The newest value of a gauge in each step, added up over the series of a group."""
    return dict(_in_steps(_LAST, groups, grid, grid.parts()))


def over(
    groups: Mapping[int, int], parts: Sequence[Part], *, histograms: bool = False
) -> dict[int, Sums]:
    """What each group did in all of `parts` together; silent ones are left out."""
    found = _read(_FULL if histograms else _BARE, groups, parts, 0, _FOREVER)
    return {group: Sums(*did) for group, *did in found}


def any_in(series: int, grid: Grid) -> bool:
    """Whether a series has done anything in the range."""
    return bool(over({series: 0}, grid.parts()))


def _in_steps(sql: str, groups: Mapping[int, int], grid: Grid, parts: Sequence[Part]) -> list[Any]:
    steps = grid.steps
    places = {series: group * steps for series, group in groups.items()}
    return _read(sql, places, parts, grid.first, grid.step)


def _read(
    sql: str, places: Mapping[int, int], parts: Sequence[Part], first: int, step: int
) -> list[Any]:
    read = json.dumps([(part.resolution, part.low, part.high) for part in parts])
    chosen = json.dumps(list(places.items()))
    with connections[settings.DATABASE].cursor() as cursor:
        cursor.execute(sql, [chosen, read, first, step])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
