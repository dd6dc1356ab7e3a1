"""The one ingester: journal → store, until it is asked to stop or to hand over."""

import sqlite3
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from telemetry import quiet
from telemetry.conf import settings
from telemetry.ingest import (
    archive,
    election,
    loadruns,
    notices,
    retire,
    sources,
)
from telemetry.ingest.archive import LastBoard
from telemetry.ingest.batch import Batches, Contended, Entry, Source
from telemetry.ingest.connection import Store, StoreMalformed, StoreUnavailable, unavailable
from telemetry.ingest.connection import path as store_path
from telemetry.ingest.drafts import Drafts
from telemetry.ingest.logfiles import LogFiles
from telemetry.ingest.mend import Mender
from telemetry.ingest.names import Names
from telemetry.ingest.recovery import Recovery
from telemetry.ingest.rows import Keys
from telemetry.ingest.sampling import Own, Sampler
from telemetry.ingest.suspicion import Check
from telemetry.journal import reader
from telemetry.journal.board import Snapshot
from telemetry.retention import clock
from telemetry.retention.upkeep import Upkeep

T = TypeVar("T")
_RETRY_SECONDS = 1.0
_TRIM_SECONDS = 60.0
# Between two batches, so many times what the last one took, but no longer than so many seconds.
_BREATHS = 20
_LONGEST_BREATH = 1.0


class Worker:
    """Reads every segment in turn. Only the holder of the ingest lock may run one."""

    def __init__(self, *, mends: bool = True, batch: int | None = None) -> None:
        self.folder: Path = settings.journal_dir
        # Records a batch: no more than what settings say.
        self._batch: int = min(batch or settings.BATCH_RECORDS, settings.BATCH_RECORDS)
        self._names = Names()
        self._recovery = Recovery(self.folder)
        self._own = Own()
        self._store = Store(on_replaced=self._forget, own=self._own)
        self._mender = Mender(self._store) if mends else None
        self._keys = Keys(time.time_ns() >> 5)
        self._files = LogFiles()
        self._batches = Batches(self._store, self._names, self._files)
        self._sampler = Sampler(self._own)
        self._load_results = loadruns.Results()
        # What is left of one pass over all segments, and each segment's position.
        self._queue: deque[Path] = deque()
        self._known: dict[str, Source] = {}
        self._unread = ""
        self._any_finished = False
        self._trimmed = -_TRIM_SECONDS
        self._drafts = Drafts()
        self._check = Check()
        self._upkeep = Upkeep(self._store)

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Ingest until `should_stop`; a store that is unavailable is waited for."""
        try:
            while not should_stop():
                began = time.monotonic()
                try:
                    handled = self.step()
                    more = handled >= self._batch or self._delete_a_little()
                    election.note("")
                except (StoreUnavailable, OSError) as error:
                    # In between two batches: nothing is half done.
                    notices.say(f"waiting for the store: {error}")
                    election.note(str(error))
                    more = False
                    self._store.reopen()
                    _pause(_RETRY_SECONDS, should_stop)
                except Contended:
                    more = False
                if not more:
                    _pause(_breath(time.monotonic() - began), should_stop)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the store's connection and of the log files."""
        self._files.close()
        self._store.close()

    def drain(self) -> int:
        """Ingest all that is there now; returns the number of records."""
        total = 0
        again = self._mender is not None
        while True:
            try:
                handled = self.step()
            except StoreMalformed:
                if not again:
                    raise
                again = False
                continue
            total += handled
            if not handled:
                return total

    def step(self) -> int:
        """One batch, and what has ended; returns the number of records read."""
        handled = self._mended("ingest", self._step)
        if self._mender is not None:
            self._mender.fine("ingest")
        return handled

    def _delete_a_little(self) -> bool:
        if not self._upkeep.due:
            return False
        more = self._mended("retention", self._upkeep.pass_)
        if not more and self._mender is not None:
            self._mender.fine("retention")
        return more

    def _mended(self, work: str, act: Callable[[], T]) -> T:
        with quiet.ingesting():
            try:
                return act()
            except (StoreUnavailable, sqlite3.Error) as error:
                found = error if isinstance(error, StoreUnavailable) else unavailable(error)
                if self._mender is None or not self._mender.mend(work, found):
                    raise found from error
            return act()

    def _step(self) -> int:
        if self._mender is not None and self._check.due():
            self._check.run(self._store.reading())
        self._recovery.go_on(self._store, self._files)
        try:
            entries, finished = self._read()
            if entries:
                with self._own.batch(len(entries)):
                    self._batches.store(entries)
            if finished:
                self._remove(finished)
        except BaseException:
            # A segment that was not stored must come before its writer's next one again.
            self._queue.clear()
            raise
        due = self._sampler.due()
        if due or self._recovery.boards or (self._any_finished and not self._queue):
            self._end_processes()
        if due or finished or entries:
            self._load_results.collect(self._store)
            self._trim()
        return len(entries)

    def _read(self) -> tuple[list[Entry], list[tuple[Source, Path]]]:
        entries: list[Entry] = []
        finished: list[tuple[Source, Path]] = []
        self._fill(entries, finished)
        if not entries:
            # What was finished is found again.
            finished.clear()
            self._begin_pass()
            self._fill(entries, finished)
        return entries, finished

    def _begin_pass(self) -> None:
        """Look for segments; in one pass each is read once, so that a busy one starves no other."""
        paths = reader.segments(self.folder)
        self._known = self._sources(paths)
        self._queue.extend(paths)
        self._unread = ""

    def _fill(self, entries: list[Entry], finished: list[tuple[Source, Path]]) -> None:
        while self._queue and len(entries) < self._batch:
            path = self._queue.popleft()
            writer = reader.writer(path)
            # A writer's records stay in order: not the next segment before the end of this one.
            if writer == self._unread or self._recovery.blocks(path):
                continue
            source = self._known[path.name]
            if self._read_segment(source, path, entries):
                finished.append((source, path))
                self._any_finished = True
            else:
                self._unread = writer

    def _read_segment(self, source: Source, path: Path, entries: list[Entry]) -> bool:
        """Add what it has, as far as the batch has room; whether it was read to its end."""
        position, next_seq = source.position, source.next_seq
        while True:
            try:
                chunk = reader.read(path, position, next_seq)
            except FileNotFoundError:
                return False
            except OSError as error:
                # Its writer's later records wait with it; all others are read.
                notices.say(f"{path} cannot be read: {error.strerror}. Its records wait")
                return False
            entries += [(source, record) for record in chunk.records]
            if chunk.finished:
                return True
            if not chunk.records or len(entries) >= self._batch:
                return False
            position = chunk.position
            next_seq = max(next_seq, chunk.records[-1].seq + 1)

    def _sources(self, paths: list[Path]) -> dict[str, Source]:
        try:
            known = sources.known(self._store.reading())
        except sqlite3.Error as error:
            raise unavailable(error) from error
        fresh = [path for path in paths if path.name not in known]
        gone = known.keys() - {path.name for path in paths}
        if fresh or gone:
            with self._store.transaction() as db:
                sources.register(db, fresh)
                sources.forget(db, [known[name] for name in gone])
                known = sources.known(db)
        return known

    def _forget(self) -> None:
        self._names.forget()
        self._sampler.forget()
        self._recovery.forget()

    def _remove(self, finished: list[tuple[Source, Path]]) -> None:
        ended = [(source.id, path) for source, path in finished]
        with self._store.transaction() as db:
            retire.remove_segments(db, ended, self._recovery.brought)

    def _end_processes(self) -> None:
        """Close the books of processes that are gone and read, and look at what runs in others."""
        ends: list[tuple[str, LastBoard | None]] = []
        self._sampler.look(self._store.reading(), self.folder, store_path())
        try:
            with self._store.transaction() as db:
                # Not in the middle of a pass: it asks every file for its lock.
                for writer, last in [] if self._queue else self._dead(db):
                    kept = None if last else self._recovery.board(writer)
                    at = retire.finish_process(db, self._names, self._keys, writer, last, kept)
                    ends.append((writer, LastBoard(at, last) if last else None))
                self._sampler.record(db, self._names)
        except BaseException:
            # Names that were made in it are not in the store.
            self._names.forget()
            self._sampler.forget()
            raise
        self._sampler.committed()
        for writer, words in ends:
            retire.remove_board(self.folder, writer, words)
            self._recovery.settled(writer)
        self._any_finished = bool(self._queue) and self._any_finished

    def _dead(self, db: sqlite3.Connection) -> list[tuple[str, Snapshot | None]]:
        open_ = retire.unended(db) | self._recovery.boards.keys()
        return retire.dead_writers(self.folder, open_ - self._recovery.writers)

    def _trim(self) -> None:
        if time.monotonic() - self._trimmed > _TRIM_SECONDS:
            self._trimmed = time.monotonic()
            now = clock.believed(clock.load(self._store.reading()), clock.look(), None)
            archive.trim(now / 1e6)
            self._drafts.clear(self.folder)


def _breath(took: float) -> float:
    """How long to wait for more records, where all that were there took so many seconds.

    A batch has a price of its own, of which many small ones pay a multiple; and a batch takes long
    where the processor is busy with what earns the records.
    """
    shortest: float = settings.POLL_SECONDS
    return max(shortest, min(_LONGEST_BREATH, took * _BREATHS))


def _pause(seconds: float, should_stop: Callable[[], bool]) -> None:
    # In small pieces, so that a hand-over does not wait for a long pause.
    end = time.monotonic() + seconds
    while not should_stop() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.25))
