"""How far ingest is behind: records that wait, and the age of the oldest of them.

Not by reading what waits, which may be a gigabyte: the boards say how many records each process
has written, the store how many of them it has.
"""

import sqlite3
import time
from pathlib import Path

import msgspec

from telemetry.ingest import builtin
from telemetry.ingest.sampling.readings import Reading
from telemetry.ingest.sampling.running import Living
from telemetry.journal import events, reader

_SEEN = (
    "SELECT p.writer, sum(s.stored + s.quarantined) FROM telemetry_segment s"
    " JOIN telemetry_process p ON p.id = s.process_id WHERE p.ended IS NULL GROUP BY p.id"
)
_POSITIONS = "SELECT name, position, next_seq FROM telemetry_segment WHERE NOT removed"
# More than most records.
_FIRST_BYTES = 16_384


def readings(db: sqlite3.Connection, folder: Path, living: list[Living]) -> list[Reading]:
    """Records of living processes that wait, and seconds that the oldest of all has waited."""
    seen = {bytes(writer).hex(): int(count) for writer, count in db.execute(_SEEN)}
    waiting = sum(max(0, each.board.accepted - seen.get(each.writer, 0)) for each in living)
    oldest = _oldest(db, folder)
    now = time.time_ns() // 1000
    age = 0.0 if oldest is None else max(0, now - oldest) / 1_000_000
    return [Reading(builtin.WAITING, (), waiting), Reading(builtin.LAG, (), age)]


def _oldest(db: sqlite3.Connection, folder: Path) -> int | None:
    """When the oldest record was made that is not read, in microseconds."""
    known = {name: (position, seq) for name, position, seq in db.execute(_POSITIONS)}
    found: dict[str, int] = {}
    for path in reader.segments(folder):
        writer = reader.writer(path)
        position, seq = known.get(path.name, (0, 0))
        # A writer's first record that waits is older than all its others.
        if writer not in found and (moment := _first(path, position, seq)) is not None:
            found[writer] = moment
    return min(found.values(), default=None)


def _first(path: Path, position: int, seq: int) -> int | None:
    try:
        if path.stat().st_size <= position:
            return None
        records = reader.read(path, position, seq, limit=_FIRST_BYTES).records
    except OSError:
        return None
    payload = records[0].payload if records else None
    try:
        event = None if payload is None else events.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if isinstance(event, events.UnitDone):
        return event.start + (event.duration or 0)
    return None if event is None else event.time
