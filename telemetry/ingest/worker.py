"""The one ingester: journal → store, until it is asked to stop or to hand over."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from telemetry.conf import settings
from telemetry.ingest import (
    archive,
    election,
    gauges,
    loadruns,
    notices,
    retire,
    sources,
)
from telemetry.ingest.archive import LastBoard
from telemetry.ingest.batch import Batches, Contended, Entry, Source
from telemetry.ingest.connection import Store, StoreMalformed, StoreUnavailable, unavailable
from telemetry.ingest.drafts import Drafts
from telemetry.ingest.logfiles import LogFiles
from telemetry.ingest.mend import Mender
from telemetry.ingest.names import Names
from telemetry.ingest.recovery import Recovery
from telemetry.ingest.rows import Keys
from telemetry.ingest.suspicion import Check
from telemetry.journal import reader
from telemetry.retention import clock
from telemetry.retention.upkeep import Upkeep

T = TypeVar("T")
_RETRY_SECONDS = 1.0
_TRIM_SECONDS = 60.0


class Worker:
    """Reads every segment in turn. Only the holder of the ingest lock may run one."""

    def __init__(self, *, mends: bool = True) -> None:
        self.folder: Path = settings.journal_dir
        self._names = Names()
        self._recovery = Recovery(self.folder)
        self._store = Store(on_replaced=self._forget)
        self._mender = Mender(self._store) if mends else None
        self._keys = Keys(time.time_ns() >> 5)
        self._files = LogFiles()
        self._batches = Batches(self._store, self._names, self._files)
        self._active = gauges.ActiveRequests()
        self._load_results = loadruns.Results()
        self._last_writer = ""
        self._trimmed = -_TRIM_SECONDS
        self._drafts = Drafts()
        self._check = Check()
        self._upkeep = Upkeep(self._store)

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Ingest until `should_stop`; a store that is unavailable is waited for."""
        try:
            while not should_stop():
                try:
                    handled = self.step() + self._delete_a_little()
                    election.note("")
                except (StoreUnavailable, OSError) as error:
                    # In between two batches: nothing is half done.
                    notices.say(f"waiting for the store: {error}")
                    election.note(str(error))
                    handled = 0
                    self._store.reopen()
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
        entries, finished = self._read()
        if entries:
            self._batches.store(entries)
        settled = not finished and not entries and not self._recovery.boards
        if settled and not self._active.due():
            return 0
        self._retire(finished)
        self._load_results.collect(self._store)
        self._trim()
        return len(entries)

    def _read(self) -> tuple[list[Entry], list[tuple[Source, Path]]]:
        paths = reader.segments(self.folder)
        known = self._sources(paths)
        entries: list[Entry] = []
        finished: list[tuple[Source, Path]] = []
        unread = ""
        for path in self._in_turn(paths):
            writer = reader.writer(path)
            # A writer's records stay in order: not the next segment before the end of this one.
            if writer == unread or self._recovery.blocks(path):
                continue
            source = known[path.name]
            try:
                chunk = reader.read(path, source.position, source.next_seq)
            except FileNotFoundError:
                continue
            except OSError as error:
                # Its writer's later records wait with it; all others are read.
                notices.say(f"{path} cannot be read: {error.strerror}. Its records wait")
                unread = writer
                continue
            entries.extend((source, record) for record in chunk.records)
            if chunk.finished:
                finished.append((source, path))
            else:
                unread = writer
            if len(entries) >= settings.BATCH_RECORDS:
                self._last_writer = writer
                break
        return entries, finished

    def _in_turn(self, paths: list[Path]) -> list[Path]:
        # After the writer that filled the last batch, so that a busy one does not starve others.
        return sorted(paths, key=lambda path: (reader.writer(path) <= self._last_writer, path))

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
        self._recovery.forget()

    def _retire(self, finished: list[tuple[Source, Path]]) -> None:
        again = self._recovery
        try:
            with self._store.transaction() as db:
                ended = [(source.id, path) for source, path in finished]
                retire.remove_segments(db, ended, again.brought)
                open_ = retire.unended(db) | again.boards.keys()
                dead = retire.dead_writers(self.folder, open_ - again.writers)
                ends = []
                for writer, last in dead:
                    kept = None if last else again.board(writer)
                    at = retire.finish_process(db, self._names, self._keys, writer, last, kept)
                    ends.append((writer, LastBoard(at, last) if last else None))
                self._active.record(db, self._names, self.folder)
        except BaseException:
            # Names that were made in it are not in the store.
            self._names.forget()
            raise
        for writer, words in ends:
            retire.remove_board(self.folder, writer, words)
            again.settled(writer)

    def _trim(self) -> None:
        if time.monotonic() - self._trimmed > _TRIM_SECONDS:
            self._trimmed = time.monotonic()
            now = clock.believed(clock.load(self._store.reading()), clock.look(), None)
            archive.trim(now / 1e6)
            self._drafts.clear(self.folder)


def _pause(seconds: float, should_stop: Callable[[], bool]) -> None:
    # In small pieces, so that a hand-over does not wait for a long pause.
    end = time.monotonic() + seconds
    while not should_stop() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.25))
