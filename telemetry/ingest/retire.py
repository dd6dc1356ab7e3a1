"""What is done with segments that were read to their end, and with processes that have ended."""

import json
import sqlite3
import time
from collections.abc import Container
from pathlib import Path

from telemetry.ingest import archive, died, lost, notices, sources
from telemetry.ingest.archive import LastBoard
from telemetry.ingest.names import Names
from telemetry.ingest.rows import Keys
from telemetry.journal import boards, reader
from telemetry.journal.board import Snapshot
from telemetry.journal.writer import BOARD_SUFFIX

_READ_TO_THE_END = "SELECT 1 FROM telemetry_segment WHERE id = ? AND name = ? AND position >= ?"
_COUNT = (
    "INSERT INTO telemetry_total (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
)


def remove_segments(
    db: sqlite3.Connection, finished: list[tuple[int, Path]], kept: Container[str] = ()
) -> None:
    """Archive and delete segments whose last record is in a durable commit of this store.

    Those in `kept` came out of the archive, and are in it.
    """
    for key, path in finished:
        try:
            size = path.stat().st_size
            # Not where the store was replaced meanwhile by one that has read less.
            if db.execute(_READ_TO_THE_END, (key, path.name, size)).fetchone() is None:
                continue
            if path.name not in kept:
                archive.keep(path)
            path.unlink(missing_ok=True)
        except FileNotFoundError:
            continue
        except OSError as error:
            # It is tried again, and holds up no other.
            notices.say(f"{path} was read and cannot be archived or removed yet: {error}")
            continue
        db.execute("UPDATE telemetry_segment SET removed = 1 WHERE id = ?", (key,))


def dead_writers(folder: Path, unended: set[str]) -> list[tuple[str, Snapshot | None]]:
    """Processes that have ended and whose segments are all read: their ids and last boards."""
    known = {reader.writer(path): path for path in reader.boards(folder)}
    alive = {writer for writer, path in known.items() if boards.is_alive(path)}
    # After the locks: what a process began just before it died is then in the list.
    reading = {reader.writer(path) for path in reader.segments(folder)}
    return [
        (writer, boards.read(known[writer]) if writer in known else None)
        for writer in sorted((unended | known.keys()) - alive - reading)
    ]


def unended(db: sqlite3.Connection) -> set[str]:
    """The writers whose totals are not final."""
    rows = db.execute("SELECT writer FROM telemetry_process WHERE ended IS NULL")
    return {bytes(writer).hex() for (writer,) in rows}


def finish_process(
    db: sqlite3.Connection,
    names: Names,
    keys: Keys,
    writer: str,
    last: Snapshot | None,
    kept: LastBoard | None = None,
) -> int:
    """Make a dead process's totals final, and give the requests that died with it their rows.

    `kept` is its board out of the archive, where a store before this one has removed the board.
    Returns when it was found dead, in microseconds.
    """
    process = sources.process_of(db, writer)
    (ended, emitted, dropped, seen) = db.execute(
        "SELECT ended, emitted, dropped, (SELECT coalesce(sum(stored + quarantined), 0)"
        " FROM telemetry_segment WHERE process_id = p.id) FROM telemetry_process p WHERE id = ?",
        (process,),
    ).fetchone()
    if ended is not None:
        return int(ended)
    now = time.time_ns() // 1000
    if kept is not None:
        last, now = kept.board, kept.ended
        if last.accepted > seen:
            lost.book(db, writer, last.accepted - seen)
    # It may have ended before, and a segment of it came back.
    dropped = last.dropped if last else json.loads(dropped)
    known = last.accepted if last else emitted - sum(dropped.values())
    # A write that returned just before kill -9 may not be counted on the board yet.
    accepted = max(seen, known)
    emitted = accepted + sum(dropped.values())
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
    died.add(db, names, keys, process, last.running if last else [], now)
    return now


def remove_board(folder: Path, writer: str, last: LastBoard | None) -> None:
    """Archive and delete a dead process's board, after the commit that made its totals final."""
    path = folder / f"{writer}{BOARD_SUFFIX}"
    try:
        if last is not None:
            archive.keep_board(writer, last)
        path.unlink(missing_ok=True)
    except OSError as error:
        # Its totals are final in the store; it is tried again.
        notices.say(f"{path} cannot be archived or removed yet: {error}")
