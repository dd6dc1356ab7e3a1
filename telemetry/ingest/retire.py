"""What is done with segments that were read to their end, and with processes that have ended."""

import json
import sqlite3
import time
from pathlib import Path

from django.urls import resolve

from telemetry.conf import settings
from telemetry.ingest import archive, sources, units
from telemetry.ingest.names import Names
from telemetry.ingest.rows import HTTP, INSERTS, Keys
from telemetry.journal import board, locks, reader
from telemetry.journal.board import Running, Snapshot
from telemetry.journal.writer import BOARD_SUFFIX
from telemetry.models.base import keys_of_unit

DIED = "process_died"
_DRAFT_SECONDS = 60
_READ_TO_THE_END = "SELECT 1 FROM telemetry_segment WHERE id = ? AND name = ? AND position >= ?"
_HAS_ROW = "SELECT 1 FROM telemetry_request WHERE id >= ? AND id < ? AND uid = ?"
_COUNT = (
    "INSERT INTO telemetry_total (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
)


def remove_segments(db: sqlite3.Connection, finished: list[tuple[int, Path]]) -> None:
    """Archive and delete segments whose last record is in a durable commit of this store."""
    for key, path in finished:
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            continue
        # Not where the store was replaced meanwhile by one that has read less.
        known = (key, path.name, size)
        if db.execute(_READ_TO_THE_END, known).fetchone() is None:
            continue
        archive.keep(path)
        path.unlink(missing_ok=True)
        db.execute("UPDATE telemetry_segment SET removed = 1 WHERE id = ?", (key,))


def remove_drafts(folder: Path) -> None:
    """Delete files that a crash left half made a while ago."""
    for path in reader.drafts(folder):
        try:
            if time.time() - path.stat().st_mtime > _DRAFT_SECONDS and not locks.is_locked(path):
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            continue


def dead_writers(folder: Path, unended: set[str]) -> list[tuple[str, Snapshot | None]]:
    """Processes that have ended and whose segments are all read: their ids and last boards."""
    boards = {reader.writer(path): path for path in reader.boards(folder)}
    alive = {writer for writer, path in boards.items() if locks.is_locked(path)}
    # After the locks: what a process began just before it died is then in the list.
    reading = {reader.writer(path) for path in reader.segments(folder)}
    return [
        (writer, board.read(boards[writer]) if writer in boards else None)
        for writer in sorted((unended | boards.keys()) - alive - reading)
    ]


def unended(db: sqlite3.Connection) -> set[str]:
    """The writers whose totals are not final."""
    rows = db.execute("SELECT writer FROM telemetry_process WHERE ended IS NULL")
    return {bytes(writer).hex() for (writer,) in rows}


def finish_process(
    db: sqlite3.Connection, names: Names, keys: Keys, writer: str, last: Snapshot | None
) -> None:
    """Make a dead process's totals final, and give the requests that died with it their rows."""
    process = sources.process_of(db, writer)
    (ended, seen) = db.execute(
        "SELECT ended, (SELECT coalesce(sum(stored + quarantined), 0) FROM telemetry_segment"
        " WHERE process_id = p.id) FROM telemetry_process p WHERE id = ?",
        (process,),
    ).fetchone()
    if ended is not None:
        return
    dropped = last.dropped if last else {}
    # A write that returned just before kill -9 may not be counted on the board yet.
    accepted = max(seen, last.accepted if last else 0)
    emitted = accepted + sum(dropped.values())
    now = time.time_ns() // 1000
    db.execute(
        "UPDATE telemetry_process SET ended = ?, emitted = ?, dropped = ?,"
        " pid = CASE pid WHEN 0 THEN ? ELSE pid END, started = coalesce(started, ?) WHERE id = ?",
        (
            now,
            emitted,
            json.dumps(dropped),
            last.pid if last else 0,
            last.started if last else now,
            process,
        ),
    )
    db.execute(_COUNT, ("emitted", emitted))
    for reason, count in dropped.items():
        db.execute(_COUNT, (f"dropped:{reason}", count))
    for unit in last.running if last else []:
        _add_died(db, names, keys, process, unit, now)


def _add_died(
    db: sqlite3.Connection, names: Names, keys: Keys, process: int, unit: Running, now: int
) -> None:
    uid = bytes.fromhex(unit.uid)
    # Killed between its record and its slot: the record is there and stands.
    if db.execute(_HAS_ROW, (*keys_of_unit(unit.uid), uid)).fetchone():
        return
    http = unit.kind == HTTP
    row = {
        "id": keys(unit.start),
        "uid": uid,
        "process_id": process,
        "kind": unit.kind,
        "is_self": http and unit.path.startswith(tuple(settings.SELF_PATHS)),
        "method": unit.method or None,
        "route_id": names.name(db, route_of(unit)),
        "path": unit.path if http else None,
        "duration": max(0, now - unit.start),
        "level": 0,
        "error_type_id": names.name(db, DIED),
        "db_count": 0,
        "db_time": 0,
        "log_count": 0,
    }
    db.execute(INSERTS["requests"], tuple(row.get(column) for column in units.COLUMNS))


def route_of(unit: Running) -> str:
    """The URL pattern of a request that never got as far as to say it."""
    if unit.kind != HTTP:
        return unit.path
    try:
        return resolve(unit.path).route
    except Exception:
        # No such page, or a URL configuration that does not load in this process.
        return "(unmatched)"


def remove_board(folder: Path, writer: str) -> None:
    """Delete a dead process's board, after the commit that made its totals final."""
    (folder / f"{writer}{BOARD_SUFFIX}").unlink(missing_ok=True)
