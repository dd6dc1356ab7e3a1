"""One transaction: rows, sums and the positions they were read up to, together or not at all."""

import sqlite3
import time
from dataclasses import dataclass

import msgspec

from telemetry.ingest.connection import Store, is_passing, unavailable
from telemetry.ingest.logfiles import LogFiles
from telemetry.ingest.loglines import Lines
from telemetry.ingest.names import Names
from telemetry.ingest.rows import Keys, Rows
from telemetry.journal import events
from telemetry.journal.resync import Record

_QUARANTINE = (
    "INSERT INTO telemetry_quarantine (timestamp, segment, offset, reason, data)"
    " VALUES (?, ?, ?, ?, ?)"
)
_ADVANCE = (
    "UPDATE telemetry_segment SET position = ?, next_seq = max(next_seq, ?),"
    " stored = stored + ?, quarantined = quarantined + ?"
    # Also by name: the store may be another one since the position was read.
    " WHERE id = ? AND name = ? AND position = ?"
)
_COUNT = (
    "INSERT INTO telemetry_total (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
)
# A key may be taken by a row of the very same microsecond: the next tries draw others, then move
# by so many microseconds.
_SHIFTS = (0, 1, 17, 311)


class Contended(Exception):
    """Another process has moved a position meanwhile: nothing was written, read it again."""


@dataclass
class Source:
    """A segment as the store knows it. `position` is in bytes from its start."""

    id: int
    name: str
    process: int
    position: int
    next_seq: int = 0


Entry = tuple[Source, Record]


@dataclass
class _Progress:
    end: int = 0
    next_seq: int = 0
    stored: int = 0
    quarantined: int = 0


class Batches:
    """Stores batches of records. A record that the store refuses is found by halving."""

    def __init__(self, store: Store, names: Names, files: LogFiles) -> None:
        self._store = store
        self._names = names
        self._files = files
        self._resources: dict[int, dict[str, object]] = {}
        self._keys = Keys(time.time_ns())

    def store(self, entries: list[Entry]) -> None:
        """Store the entries, in their order; raises StoreUnavailable and then keeps nothing."""
        try:
            self._commit(entries)
        except (sqlite3.Error, OverflowError, ValueError) as error:
            self._names.forget()
            if isinstance(error, sqlite3.Error) and is_passing(error):
                raise unavailable(error) from error
            if len(entries) > 1:
                middle = len(entries) // 2
                self.store(entries[:middle])
                self.store(entries[middle:])
            else:
                self._store_alone(entries, error)
        except BaseException:
            self._names.forget()
            raise

    def _store_alone(self, entries: list[Entry], error: Exception) -> None:
        for shift in _SHIFTS:
            try:
                self._keys.shift = shift
                return self._commit(entries)
            except (sqlite3.IntegrityError, OverflowError, ValueError) as again:
                self._names.forget()
                error = again
            finally:
                self._keys.shift = 0
        self._commit(entries, refused=f"refused: {error}")
        return None

    def _commit(self, entries: list[Entry], refused: str = "") -> None:
        progress: dict[int, _Progress] = {}
        sources: dict[int, Source] = {}
        # The files outside: they are cut back also when the commit itself fails.
        with self._files.transaction(), self._store.transaction() as db:
            lines = Lines(self._resources, db)
            marks = self._files.positions()
            rows = Rows(db, self._names, self._keys)
            for source, record in entries:
                done = progress.get(source.id)
                if done is None:
                    done = progress[source.id] = _Progress()
                    sources[source.id] = source
                done.end = record.end
                done.next_seq = max(done.next_seq, record.seq + 1)
                # Read again for a store that was replaced: its line is in the file already.
                is_new = record.end > marks.get(source.name, 0)
                reason = refused or _add(rows, lines if is_new else None, source, record)
                if reason:
                    done.quarantined += record.count
                    _quarantine(db, source, record, reason)
                else:
                    done.stored += 1
            rows.write()
            _advance(db, sources, progress)
            self._files.append(db, lines)
        self._files.commit({sources[key].name: done.end for key, done in progress.items()})
        for key, done in progress.items():
            sources[key].position = done.end
            sources[key].next_seq = max(sources[key].next_seq, done.next_seq)


def _add(rows: Rows, lines: Lines | None, source: Source, record: Record) -> str:
    """Why the record cannot be read, or nothing."""
    if record.payload is None:
        return record.reason
    try:
        event = events.decode(record.payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return f"not an event: {error}"
    rows.add(event, source.process)
    if lines is not None:
        lines.add(event, source.process)
    return ""


def _quarantine(db: sqlite3.Connection, source: Source, record: Record, reason: str) -> None:
    now = time.time_ns() // 1000
    if record.count != 1:
        reason = f"{reason} ({record.count} records)"
    db.execute(_QUARANTINE, (now, source.name, record.offset, reason, record.raw))


def _advance(
    db: sqlite3.Connection, sources: dict[int, Source], progress: dict[int, _Progress]
) -> None:
    for key, done in progress.items():
        values = (done.end, done.next_seq, done.stored, done.quarantined)
        moved = db.execute(_ADVANCE, (*values, key, *_place(sources[key]))).rowcount
        if moved != 1:
            raise Contended(sources[key].name)
    db.execute(_COUNT, ("stored", sum(done.stored for done in progress.values())))
    db.execute(_COUNT, ("quarantined", sum(done.quarantined for done in progress.values())))


def _place(source: Source) -> tuple[str, int]:
    return source.name, source.position
