"""Key paging: newest first, no COUNT, no OFFSET over the table, bounded time.

A filter without an index would have to look at every row. Here it walks back chunk by chunk within
a time budget and says how far it came, so a page is never late and never wrong.
"""

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from telemetry.queries.store import MAX_KEY, moment

R = TypeVar("R")
S = TypeVar("S")

PAGE_SIZE = 50
# Seconds that one page may spend on looking for matches.
BUDGET = 0.06
_FIRST_CHUNK = 1_000
_LARGEST_CHUNK = 50_000
# Keys of several drivers are merged in Python, which costs more a row than SQLite's own walk.
_LARGEST_MERGED_CHUNK = 4_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: rows with a key below `before`, or above `after`; neither: newest."""

    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Rows, newest first. `newer` and `older` are keys for the neighbours' cursors.

    `searched_until` is set when the time budget ended before the page was full: everything between
    the cursor and that moment was looked at.
    """

    rows: Sequence[R]
    newer: int | None = None
    older: int | None = None
    searched_until: datetime | None = None

    def of(self, build: Callable[[Sequence[R]], Sequence[S]]) -> "Page[S]":
        """The same page with its rows built into something else, all at once."""
        return Page(build(self.rows), self.newer, self.older, self.searched_until)


@dataclass(frozen=True, slots=True)
class Source:
    """What to page through.

    `drivers` are querysets that an index, or the key itself, yields in order of the key; together
    they hold each candidate once. `condition` is what candidates must meet besides. `low` and
    `high` bound the keys: `low <= id < high`.
    """

    drivers: Sequence[QuerySet[Any]]
    condition: Q
    columns: Sequence[str]
    low: int = 0
    high: int = MAX_KEY


def fetch(
    source: Source, cursor: Cursor, size: int = PAGE_SIZE, budget: float = BUDGET
) -> Page[dict[str, Any]]:
    """One page of `source` as dictionaries of its columns."""
    upward = cursor.after is not None
    low = source.low if cursor.after is None else max(source.low, cursor.after + 1)
    high = source.high if cursor.before is None else min(source.high, cursor.before)
    found, stopped = _walk(source, low, high, size + 1, budget, upward)
    more = len(found) > size
    found = found[:size]
    if upward:
        found.reverse()
    return _page(found, cursor, more, stopped)


def _page(
    found: list[dict[str, Any]], cursor: Cursor, more: bool, stopped: int | None
) -> Page[dict[str, Any]]:
    first = found[0]["id"] if found else None
    last = found[-1]["id"] if found else None
    until = None if stopped is None else moment(stopped)
    if cursor.after is not None:
        newer = first if more else stopped
        return Page(found, newer, cursor.after + 1 if last is None else last, until)
    newer = None
    if cursor.before is not None:
        newer = cursor.before - 1 if first is None else first
    return Page(found, newer, last if more else stopped, until)


def _walk(
    source: Source, low: int, high: int, need: int, budget: float, upward: bool
) -> tuple[list[dict[str, Any]], int | None]:
    """Matches, nearest first, and the key where the budget ended (None: all was searched)."""
    found: list[dict[str, Any]] = []
    began = perf_counter()
    chunk = _FIRST_CHUNK
    largest = _LARGEST_CHUNK if len(source.drivers) == 1 else _LARGEST_MERGED_CHUNK
    while low < high:
        started = perf_counter()
        edge = _edge(source, low, high, chunk, upward)
        part_low, part_high = low, high
        if edge is not None:
            part_low, part_high = (low, edge + 1) if upward else (edge, high)
        found += _matches(source, part_low, part_high, need - len(found), upward)
        if len(found) >= need or edge is None:
            return found, None
        low, high = (edge + 1, high) if upward else (low, edge)
        now = perf_counter()
        left = budget - (now - began)
        if left <= 0:
            return found, edge
        affordable = int(chunk / max(now - started, 1e-6) * left)
        chunk = max(_FIRST_CHUNK, min(chunk * 4, largest, affordable))
    return found, None


def _edge(source: Source, low: int, high: int, chunk: int, upward: bool) -> int | None:
    """The key of the `chunk`-th candidate; None when fewer are left."""
    order = "id" if upward else "-id"
    keys = [
        driver.filter(id__gte=low, id__lt=high).order_by(order).values_list("id", flat=True)
        for driver in source.drivers
    ]
    if len(keys) == 1:
        # An offset of one chunk, not of the table: SQLite steps over keys without decoding rows.
        return next(iter(keys[0][chunk - 1 : chunk]), None)
    merged = heapq.merge(*(list(some[:chunk]) for some in keys), reverse=not upward)
    return next(itertools.islice(merged, chunk - 1, chunk), None)


def _matches(source: Source, low: int, high: int, limit: int, upward: bool) -> list[dict[str, Any]]:
    order = "id" if upward else "-id"
    found: list[dict[str, Any]] = []
    for driver in source.drivers:
        matching: QuerySet[Model] = driver.filter(source.condition, id__gte=low, id__lt=high)
        found += matching.order_by(order).values(*source.columns)[:limit]
    if len(source.drivers) > 1:
        found.sort(key=lambda row: int(row["id"]), reverse=not upward)
    return found[:limit]
