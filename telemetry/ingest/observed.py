"""What a unit's record says by itself: the built-in metrics of requests, tasks and commands."""

import sqlite3

from telemetry.ingest import builtin
from telemetry.ingest.names import Names
from telemetry.ingest.pairs import HTTP, TASK
from telemetry.ingest.rollup import Rollup, interval
from telemetry.journal.events import UnitDone


def unit(event: UnitDone, db: sqlite3.Connection, names: Names, rollup: Rollup) -> None:
    """Count and time a unit that is not telemetry's own; in the interval in which it ended."""
    took = event.duration or 0
    end = event.start + took
    start = interval(end)
    if event.kind == HTTP:
        count, timing = names.pairs.http(db, event.method or "", event.route, event.status or 0)
        rollup.counts[count, start].append(1)
        rollup.timings[timing, start].append(took / 1_000_000)
    if event.db_count:
        seconds = event.db_time / 1_000_000
        count, added, timing = names.pairs.sql(db, event.kind, event.route)
        rollup.counts[count, start].append(event.db_count)
        rollup.counts[added, start].append(seconds)
        rollup.timings[timing, start].append(seconds)
    if event.kind == TASK or event.queue_time is not None or event.overhead is not None:
        _told_by_few(event, db, names, rollup)


def _told_by_few(event: UnitDone, db: sqlite3.Connection, names: Names, rollup: Rollup) -> None:
    """A task's end, a wait for a worker, telemetry's own time."""
    took = event.duration or 0
    end = event.start + took
    if event.kind == TASK:
        outcome = "success" if event.error_type is None else "failure"
        count, timing = names.pairs.task(db, event.route, outcome)
        rollup.add("c", count, end, 1)
        rollup.add("h", timing, end, took / 1_000_000)
    if event.queue_time is not None:
        queue = names.series(db, "h", builtin.HTTP_QUEUE, {})
        rollup.add("h", queue, event.start, event.queue_time / 1_000_000)
    if event.overhead is not None:
        own = names.series(db, "h", builtin.OVERHEAD, {})
        rollup.add("h", own, end, event.overhead / 1_000_000)
