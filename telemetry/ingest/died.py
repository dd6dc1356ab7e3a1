"""Requests and tasks that were running when their process died: their rows, and their count."""

import sqlite3

from django.urls import resolve

from telemetry.conf import settings
from telemetry.ingest import units
from telemetry.ingest.names import Names, method_label
from telemetry.ingest.rollup import Rollup
from telemetry.ingest.rows import HTTP, INSERTS, Keys
from telemetry.journal.board import Running
from telemetry.models.base import keys_of_unit

DIED = "process_died"
_HAS_ROW = "SELECT 1 FROM telemetry_request WHERE id >= ? AND id < ? AND uid = ?"
# As `events.Time`: beyond it, it is not a time but a damaged board.
_TIMES = range(1, 1 << 51)


def add(
    db: sqlite3.Connection, names: Names, keys: Keys, process: int, ended: list[Running], now: int
) -> None:
    """A row for each unit of work; `now` is when its process was found dead, in microseconds."""
    rollup = Rollup()
    for unit in ended:
        if unit.start in _TIMES:
            _add(db, names, keys, process, unit, now, rollup)
    rollup.write(db)


def _add(
    db: sqlite3.Connection,
    names: Names,
    keys: Keys,
    process: int,
    unit: Running,
    now: int,
    rollup: Rollup,
) -> None:
    uid = bytes.fromhex(unit.uid)
    # Killed between its record and its slot: the record is there and stands.
    if db.execute(_HAS_ROW, (*keys_of_unit(unit.uid), uid)).fetchone():
        return
    http = unit.kind == HTTP
    own = http and unit.path.startswith(tuple(settings.SELF_PATHS))
    route = route_of(unit)
    row = {
        "id": keys(unit.start),
        "uid": uid,
        "process_id": process,
        "kind": unit.kind,
        "is_self": own,
        "method": unit.method or None,
        "route_id": names.name(db, route),
        "path": unit.path if http else None,
        "duration": max(0, now - unit.start),
        "level": 0,
        "error_type_id": names.name(db, DIED),
        "db_count": 0,
        "db_time": 0,
        "log_count": 0,
    }
    db.execute(INSERTS["requests"], tuple(row.get(column) for column in units.COLUMNS))
    if http and not own:
        # Counted when it began: when it ended nobody knows, so its duration is not observed.
        labels = {"method": method_label(unit.method), "route": route, "status": "0"}
        series = names.series(db, "c", "http_server_requests_total", labels)
        rollup.add("c", series, unit.start, 1)


def route_of(unit: Running) -> str:
    """The URL pattern of a request that never got as far as to say it."""
    if unit.kind != HTTP:
        return unit.path
    try:
        return resolve(unit.path).route
    except Exception:
        # No such page, or a URL configuration that does not load in this process.
        return "(unmatched)"
