"""A state machine over the real journal and ingest, and a model of it that only counts."""

import shutil
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from telemetry.capture.sink import JournalSink
from telemetry.conf import settings as telemetry_settings
from telemetry.ingest import archive, batch, retire
from telemetry.ingest.logfiles import LogFiles
from telemetry.ingest.rows import Rows
from telemetry.ingest.worker import Worker
from telemetry.journal import line, reader
from telemetry.queries.status import status
from tests.telemetry.ingest.helpers import START, log

WRITERS = 3
# Where a turn of ingest may end half-way: (owner, function, whether it has done its work by then).
STEPS: list[tuple[Any, str, bool]] = [
    (Rows, "write", False),
    (Rows, "write", True),
    (batch, "_advance", True),
    (LogFiles, "append", True),
    (LogFiles, "commit", False),
    (archive, "keep", False),
    (archive, "keep", True),
    (retire, "remove_segments", True),
    (retire, "finish_process", True),
    (retire, "remove_board", False),
    (retire, "remove_board", True),
]


class Crash(BaseException):
    """The process is gone at this point."""


class Writer:
    """A process that writes: what it was told is accepted, and in which segments that lies."""

    def __init__(self, number: int) -> None:
        self.sink = JournalSink()
        # Not by chance, so that a history can be repeated: ingest reads in the order of these.
        self.sink.journal.writer = f"{number * 0x9E3779B97F4A7C15 % (1 << 128):032x}"

    def end(self) -> None:
        """Its descriptors close, as at the end of a process however it came."""
        self.sink.journal.close()


def is_harmed(raw: bytes) -> bool:
    """Whether the line is no record any more."""
    try:
        line.unpack(raw)
    except ValueError:
        return True
    return False


def lines(path: Path) -> int:
    """How many whole lines the segment has."""
    return path.read_bytes().count(b"\n")


class Delivery(RuleBasedStateMachine):
    """The real journal and the real ingest; the model is two sets of record numbers."""

    folder: Path
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(dir=self.folder))
        self.override = override_settings(
            TELEMETRY={"DATA_DIR": self.place, "SEGMENT_BYTES": 1_500, "BATCH_RECORDS": 7}
        )
        self.override.enable()
        self.store = self.place / "store.sqlite3"
        shutil.copy(self.template, self.store)
        connections["telemetry"].close()
        connections["telemetry"].settings_dict["NAME"] = str(self.store)
        self.writers: list[Writer] = []
        self.worker: Worker | None = None
        self.started = 0
        self.next = 0
        self.accepted: set[int] = set()
        self.harmed: set[int] = set()
        # Segment → numbers of its lines that are none any more; what was torn is the one after all.
        self.bad: defaultdict[Path, set[int]] = defaultdict(set)

    @initialize()
    def begin(self) -> None:
        self.writers = [self._new_writer() for _ in range(WRITERS)]

    @rule(who=st.integers(0, WRITERS - 1), count=st.integers(1, 12))
    def write(self, who: int, count: int) -> None:
        for _ in range(count):
            self.writers[who].sink.emit(log(self.next))
            self.accepted.add(self.next)
            self.next += 1

    @rule(who=st.integers(0, WRITERS - 1))
    def rotate(self, who: int) -> None:
        self.writers[who].sink.journal._close_segment()

    @rule(who=st.integers(0, WRITERS - 1), unit=st.booleans())
    def crash(self, who: int, unit: bool) -> None:
        """A process dies, with a unit of work under way or not, and another takes its place."""
        if unit:
            self.started += 1
            uid = self.started.to_bytes(16, "big")
            self.writers[who].sink.board.enter(3, uid, START + self.started, "", "nightly")
        self.writers[who].end()
        self.writers[who] = self._new_writer()

    @rule(who=st.integers(0, WRITERS - 1), size=st.integers(1, 200))
    def crash_mid_line(self, who: int, size: int) -> None:
        """As `crash`, with the beginning of one more line on the disk. It was not accepted."""
        segment = self.writers[who].sink.journal._segment
        self.writers[who].end()
        self.writers[who] = self._new_writer()
        if segment is not None:
            with segment.path.open("ab") as file:
                file.write(b"0badc0de 9 "[:size].ljust(size, b"x"))
            self.bad[segment.path].add(lines(segment.path))

    @rule(chance=st.integers(0, 1 << 30), bit=st.integers(0, 7))
    def harm(self, chance: int, bit: int) -> None:
        """One bit of one record that is not read yet changes."""
        unread = list(self._unread())
        if not unread:
            return
        path, record = unread[chance % len(unread)]
        raw = record.raw
        at = chance // 7 % len(raw)
        changed = raw[at] ^ 1 << bit
        # A newline more, or one less, harms two. A checksum in capitals is the same checksum.
        if changed == 10 or not is_harmed(raw[:at] + bytes([changed]) + raw[at + 1 :]):
            return
        with path.open("r+b") as file:
            file.seek(record.offset + at)
            file.write(bytes([changed]))
        self.bad[path].add(record.seq)
        self.harmed |= {number for number in self.accepted if b'"record %d"' % number in raw}

    @rule()
    def ingest(self) -> None:
        """One turn."""
        self._worker().step()

    @rule(step=st.sampled_from(STEPS), times=st.integers(1, 3))
    def ingest_and_crash(self, step: tuple[Any, str, bool], times: int) -> None:
        """Turns of ingest until one fails at this step, if they come to it."""
        owner, name, afterwards = step
        original = getattr(owner, name)
        left = times

        def crash(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            result = original(*args, **kwargs) if left or afterwards else None
            if not left:
                raise Crash
            return result

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, crash)
            try:
                self._worker().drain()
            except Crash:
                self._abandon()

    @rule()
    def restart(self) -> None:
        """Ingest ends in good order."""
        self._end_worker()

    @rule()
    def settle(self) -> None:
        """All that is there is ingested; then nothing is left to find."""
        self._worker().drain()
        self._check_stored(complete=True)

    @invariant()
    def nothing_twice_nothing_unknown(self) -> None:
        self._check_stored(complete=False)

    def teardown(self) -> None:
        for writer in self.writers:
            writer.end()
        self._worker().drain()
        self._check_stored(complete=True)
        assert reader.segments(telemetry_settings.journal_dir) == []
        assert reader.boards(telemetry_settings.journal_dir) == []
        found = status()
        assert found.balanced
        assert (found.pending, found.dropped) == (0, {})
        self._end_worker()
        connections["telemetry"].close()
        self.override.disable()
        shutil.rmtree(self.place)

    def _new_writer(self) -> Writer:
        self.started += 1
        return Writer(self.started)

    def _worker(self) -> Worker:
        if self.worker is None:
            self.worker = Worker()
        return self.worker

    def _end_worker(self) -> None:
        if self.worker is not None:
            self.worker.close()
            self.worker = None

    def _abandon(self) -> None:
        # It ended by an exception; deaths without any are those of test_ingest_killed.py.
        self._end_worker()
        connections["telemetry"].close()

    def _unread(self) -> Iterator[tuple[Path, reader.Record]]:
        """The records, not harmed yet, beyond what the store has read."""
        with closing(sqlite3.connect(self.store)) as db:
            positions = dict(db.execute("SELECT name, position FROM telemetry_segment"))
        for path in reader.segments(telemetry_settings.journal_dir):
            for record in reader.read(path, positions.get(path.name, 0)).records:
                if record.payload is not None:
                    yield path, record

    def _stretches(self) -> int:
        """How many rows of quarantine there are to be: adjacent bad lines are one."""
        return sum(number - 1 not in numbers for numbers in self.bad.values() for number in numbers)

    def _waiting(self) -> int:
        """Those that wait for what follows them, at the end of what a living process writes."""
        living = [writer.sink.journal._segment for writer in self.writers]
        paths = [segment.path for segment in living if segment is not None]
        return sum(lines(path) - 1 in self.bad[path] for path in paths)

    def _check_stored(self, complete: bool) -> None:
        with closing(sqlite3.connect(self.store)) as db:
            texts = db.execute("SELECT message FROM telemetry_log").fetchall()
            (quarantined,) = db.execute("SELECT count(*) FROM telemetry_quarantine").fetchone()
            (died_twice,) = db.execute(
                "SELECT count(*) - count(DISTINCT uid) FROM telemetry_request"
            ).fetchone()
        counts = Counter(int(text.removeprefix("record ")) for (text,) in texts)
        assert not {number for number, count in counts.items() if count > 1}
        assert counts.keys() <= self.accepted - self.harmed
        assert quarantined <= self._stretches()
        assert died_twice == 0
        if complete:
            assert counts.keys() == self.accepted - self.harmed
            assert quarantined == self._stretches() - self._waiting()
