"""The one ingester: journal → store, until it is asked to stop or to hand over."""

import sqlite3
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from telemetry.conf import settings
from telemetry.ingest import archive, gauges, loadruns, notices, retire, sources
from telemetry.ingest.batch import Batches, Contended, Entry, Source, advice
from telemetry.ingest.connection import Store, StoreUnavailable
from telemetry.ingest.logfiles import LogFiles
from telemetry.ingest.names import Names
from telemetry.ingest.rows import Keys
from telemetry.journal import reader
from telemetry.journal.board import Snapshot
from telemetry.retention.upkeep import Upkeep

_RETRY_SECONDS = 1.0
_TRIM_SECONDS = 60.0


class Worker:
    """Reads every segment in turn. Only the holder of the ingest lock may run one."""

    def __init__(self) -> None:
        self.folder: Path = settings.journal_dir
        self._names = Names()
        self._store = Store(on_replaced=self._names.forget)
        self._keys = Keys(time.time_ns() >> 5)
        self._files = LogFiles()
        self._batches = Batches(self._store, self._names, self._files)
        self._active = gauges.ActiveRequests()
        self._load_results = loadruns.Results()
        # What is left of one pass over all segments, and each segment's position.
        self._queue: deque[Path] = deque()
        self._known: dict[str, Source] = {}
        self._unread = ""
        self._any_finished = False
        self._trimmed = -_TRIM_SECONDS
        self._upkeep = Upkeep(self._store)

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Ingest until `should_stop`; a store that is unavailable is waited for."""
        try:
            while not should_stop():
                try:
                    handled = self.step() + self._upkeep.pass_()
                except StoreUnavailable as error:
                    notices.say(f"waiting for the store: {error}")
                    handled = 0
                    _pause(_RETRY_SECONDS, should_stop)
                except (sqlite3.Error, OSError) as error:
                    # In between two batches: nothing is half done.
                    notices.say(f"waiting for the store: {error}")
                    handled = 0
                    _pause(_RETRY_SECONDS, should_stop)
                except Contended:
                    handled = 0
                if not handled:
                    _pause(settings.POLL_SECONDS, should_stop)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the store's connection and of the log files."""
        self._files.close()
        self._store.close()

    def drain(self) -> int:
        """Ingest all that is there now; returns the number of records."""
        total = 0
        while handled := self.step():
            total += handled
        return total

    def step(self) -> int:
        """One batch, and what has ended; returns the number of records read."""
        try:
            entries, finished = self._read()
            if entries:
                self._batches.store(entries)
            if finished:
                self._remove(finished)
        except BaseException:
            # A segment that was not stored must come before its writer's next one again.
            self._queue.clear()
            raise
        due = self._active.due()
        if due or (self._any_finished and not self._queue):
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
        while self._queue and len(entries) < settings.BATCH_RECORDS:
            path = self._queue.popleft()
            writer = reader.writer(path)
            # A writer's records stay in order: not the next segment before the end of this one.
            if writer == self._unread:
                continue
            source = self._known[path.name]
            if self._read_segment(source, path, entries):
                finished.append((source, path))
                self._any_finished = True
            else:
                self._unread = writer

    def _read_segment(self, source: Source, path: Path, entries: list[Entry]) -> bool:
        """Add what it has, as far as the batch has room; whether it was read to its end."""
        position = source.position
        while True:
            try:
                chunk = reader.read(path, position)
            except FileNotFoundError:
                return False
            entries += [(source, record) for record in chunk.records]
            if chunk.finished:
                return True
            if chunk.position == position or len(entries) >= settings.BATCH_RECORDS:
                return False
            position = chunk.position

    def _sources(self, paths: list[Path]) -> dict[str, Source]:
        try:
            known = sources.known(self._store.reading())
        except sqlite3.Error as error:
            raise StoreUnavailable(advice(error)) from error
        fresh = [path for path in paths if path.name not in known]
        gone = known.keys() - {path.name for path in paths}
        if fresh or gone:
            with self._store.transaction() as db:
                sources.register(db, fresh)
                sources.forget(db, [known[name].id for name in gone])
                known = sources.known(db)
        return known

    def _remove(self, finished: list[tuple[Source, Path]]) -> None:
        with self._store.transaction() as db:
            retire.remove_segments(db, [(source.id, path) for source, path in finished])

    def _end_processes(self) -> None:
        """Close the books of processes that are gone and read, and look at what runs in others."""
        try:
            with self._store.transaction() as db:
                # Not in the middle of a pass: it asks every file for its lock.
                dead = [] if self._queue else self._dead(db)
                for writer, last in dead:
                    retire.finish_process(db, self._names, self._keys, writer, last)
                self._active.record(db, self._names, self.folder)
        except BaseException:
            # Names that were made in it are not in the store.
            self._names.forget()
            raise
        for writer, _ in dead:
            retire.remove_board(self.folder, writer)
        self._any_finished = bool(self._queue) and self._any_finished

    def _dead(self, db: sqlite3.Connection) -> list[tuple[str, Snapshot | None]]:
        return retire.dead_writers(self.folder, retire.unended(db))

    def _trim(self) -> None:
        if time.monotonic() - self._trimmed > _TRIM_SECONDS:
            self._trimmed = time.monotonic()
            archive.trim()
            retire.remove_drafts(self.folder)


def _pause(seconds: float, should_stop: Callable[[], bool]) -> None:
    # In small pieces, so that a hand-over does not wait for a long pause.
    end = time.monotonic() + seconds
    while not should_stop() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.25))
