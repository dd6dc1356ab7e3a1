"""The segments on disk, each with the position that the store has for it."""

import json
import sqlite3
from pathlib import Path

from telemetry.ingest import archive
from telemetry.ingest.batch import Source
from telemetry.journal import reader

# A total of this name is a segment that somebody removed, its value the position read up to.
VANISHED = "vanished:"
_VANISHED = (
    "INSERT INTO telemetry_total (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_MAKE_PROCESS = (
    "INSERT INTO telemetry_process (writer, pid, host, role, app_version, emitted, dropped)"
    " VALUES (?, 0, '', '', '', 0, '{}') ON CONFLICT (writer) DO NOTHING"
)
_REGISTER = (
    "INSERT INTO telemetry_segment"
    " (name, process_id, position, next_seq, stored, quarantined, removed)"
    " SELECT ?, id, 0, 0, 0, 0, 0 FROM telemetry_process WHERE writer = ?"
    # A file that came back (restored by hand) goes on where it was.
    " ON CONFLICT (name) DO UPDATE SET removed = 0"
)
_REOPENED = (
    "SELECT id, emitted, dropped FROM telemetry_process WHERE ended IS NOT NULL AND id IN"
    " (SELECT process_id FROM telemetry_segment WHERE NOT removed)"
)
_OPEN = "SELECT id, name, process_id, position, next_seq FROM telemetry_segment WHERE NOT removed"


def known(db: sqlite3.Connection) -> dict[str, Source]:
    """Every segment that was not removed, by name."""
    return {
        name: Source(key, name, process, position, next_seq)
        for key, name, process, position, next_seq in db.execute(_OPEN)
    }


def register(db: sqlite3.Connection, paths: list[Path]) -> None:
    """Make rows for segments seen for the first time, and for their processes."""
    writers = [(path.name, bytes.fromhex(reader.writer(path))) for path in paths]
    db.executemany(_MAKE_PROCESS, {(key,) for _, key in writers})
    db.executemany(_REGISTER, writers)
    for process in db.execute(_REOPENED).fetchall():
        _reopen(db, *process)
    db.executemany(
        "DELETE FROM telemetry_total WHERE name = ?",
        [(f"{VANISHED}{path.name}",) for path in paths],
    )


def forget(db: sqlite3.Connection, gone: list[Source]) -> None:
    """Note that the files of these segments are gone, and which of them nobody here removed."""
    # Ended between the removal of a file and the commit that says so: then it is archived.
    kept = archive.index() if gone else {}
    for source in gone:
        db.execute("UPDATE telemetry_segment SET removed = 1 WHERE id = ?", (source.id,))
        if source.name not in kept or kept[source.name].size > source.position:
            db.execute(_VANISHED, (f"{VANISHED}{source.name}", source.position))


def _reopen(db: sqlite3.Connection, process: int, emitted: int, dropped: str) -> None:
    # A process whose board could not be made (disk full) looks dead between two segments.
    totals = {"emitted": emitted, **{f"dropped:{k}": v for k, v in json.loads(dropped).items()}}
    for name, value in totals.items():
        db.execute("UPDATE telemetry_total SET value = value - ? WHERE name = ?", (value, name))
    db.execute("UPDATE telemetry_process SET ended = NULL WHERE id = ?", (process,))


def process_of(db: sqlite3.Connection, writer: str) -> int:
    """The number of a process, by its writer's id."""
    key = bytes.fromhex(writer)
    db.execute(_MAKE_PROCESS, (key,))
    (found,) = db.execute("SELECT id FROM telemetry_process WHERE writer = ?", (key,)).fetchone()
    return int(found)
