"""Records that went with a store: not in the one that replaced it, not archived, not waiting."""

import sqlite3
from pathlib import Path

from telemetry.ingest.members import Member
from telemetry.journal import boards, reader

REASON = "store_replaced"
_POSITION = "SELECT position, next_seq FROM telemetry_segment WHERE name = ?"
_SEEN = (
    "SELECT coalesce(sum(stored + quarantined), 0) FROM telemetry_segment WHERE process_id ="
    " (SELECT id FROM telemetry_process WHERE writer = ?)"
)
_COUNT = (
    "INSERT INTO telemetry_total (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
)


def found(db: sqlite3.Connection, folder: Path, archived: list[Member]) -> dict[str, int]:
    """Those of living processes, {writer: records}; `archived` segments will be read again."""
    missing = {}
    for path in reader.boards(folder):
        last = boards.read(path)
        writer = reader.writer(path)
        if last is None or not boards.is_alive(path):
            continue
        (seen,) = db.execute(_SEEN, (bytes.fromhex(writer),)).fetchone()
        left = last.accepted - seen - _to_come(db, folder, archived, writer)
        if left > 0:
            missing[writer] = left
    return missing


def book(db: sqlite3.Connection, writer: str, count: int) -> None:
    """Count records that went with the old store as dropped, and by whom they were: in all
    `count`, whatever of them is counted already."""
    name = f"replaced:{writer}"
    row = db.execute("SELECT value FROM telemetry_total WHERE name = ?", (name,)).fetchone()
    more = count - (row[0] if row else 0)
    if more > 0:
        db.execute(_COUNT, (f"dropped:{REASON}", more))
        db.execute(_COUNT, (name, more))


def position(db: sqlite3.Connection, name: str) -> tuple[int, int]:
    """How far a segment has been read: (bytes, number of the next record)."""
    row = db.execute(_POSITION, (name,)).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def _to_come(db: sqlite3.Connection, folder: Path, archived: list[Member], writer: str) -> int:
    count = 0
    names = {each.name for each in archived}
    for each in archived:
        if reader.writer(Path(each.name)) == writer:
            count += max(0, each.records - position(db, each.name)[1])
    for path in reader.segments(folder):
        if reader.writer(path) == writer and path.name not in names:
            try:
                count += reader.count_pending(path, *position(db, path.name))[0]
            except OSError:
                continue
    return count
