"""Where this process's records go: the journal; a fixture's list; nowhere under a test runner."""

import logging
import os
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.core import mail

from telemetry.capture import encoding, faults, redact
from telemetry.conf import settings
from telemetry.journal import events
from telemetry.journal.board import Board
from telemetry.journal.events import encode
from telemetry.journal.pressure import NONE, NOTHING
from telemetry.journal.writer import Journal


class Pressing(Protocol):
    """How much is left out now; 0: nothing."""

    step: int


class Sink(Protocol):
    """Takes events; never raises."""

    # Where its step is 0, all log records are admitted without asking.
    pressure: Pressing

    @property
    def board(self) -> Board: ...

    def admit(self, level: int) -> int:
        """How many log records one of this level stands for; 0 when it is left out, and counted."""

    def emit(self, event: events.Event) -> None: ...


class JournalSink:
    """Encodes events and appends them to the journal."""

    def __init__(self) -> None:
        self.journal = Journal(
            settings.journal_dir,
            _introduce,
            segment_bytes=settings.SEGMENT_BYTES,
            segment_seconds=settings.SEGMENT_SECONDS,
            max_bytes=settings.JOURNAL_MAX_BYTES,
            min_free=settings.JOURNAL_MIN_FREE_BYTES,
        )
        self.pressure: Pressing = self.journal.pressure
        self._limit = settings.MAX_RECORD_BYTES - 64

    @property
    def board(self) -> Board:
        return self.journal.lasting_board or self.journal.board

    def admit(self, level: int) -> int:
        return self.journal.admit(level, sampled=True)

    def emit(self, event: events.Event) -> None:
        # Log records were asked before they were made.
        if (
            self.pressure.step
            and not isinstance(event, events.LogMade)
            and not self.journal.admit(_gravity(event))
        ):
            return
        try:
            payload = encode(event)
        except Exception:
            payload = b""
        if 0 < len(payload) <= self._limit:
            self.journal.append(payload)
        else:
            self._emit_odd(event)

    def _emit_odd(self, event: events.Event) -> None:
        """What JSON has no bytes for, or more than a record holds."""
        try:
            payloads = encoding.encode(event, self._limit)
        except Exception:
            faults.report("encoding a record")
            self.journal.drop("not_encodable")
            return
        if not payloads:
            self.journal.drop("too_large")
        for payload in payloads:
            self.journal.append(payload)


@dataclass
class _Steady:
    """No journal that fills up."""

    step: int


def _gravity(event: events.Event) -> int:
    """The level that decides whether a record is left out while the journal fills up."""
    if isinstance(event, events.UnitDone):
        return logging.ERROR if event.error_type else max(logging.INFO, event.level)
    if isinstance(event, events.SamplesMade):
        return logging.INFO
    return logging.ERROR


class MemorySink:
    """Keeps events in a list: for tests."""

    def __init__(self) -> None:
        self.board = Board(None)
        self.pressure: Pressing = _Steady(NONE)
        self.events: list[events.Event] = []

    def admit(self, level: int) -> int:
        return 1

    def emit(self, event: events.Event) -> None:
        # Through the encoding, so that a test sees what ingest would read.
        for payload in encoding.encode(event, settings.MAX_RECORD_BYTES):
            self.events.append(events.decode(payload))


class NullSink:
    """Drops everything, uncounted: telemetry is off, or a test runner is at work."""

    def __init__(self) -> None:
        self.board = Board(None)
        self.pressure: Pressing = _Steady(NOTHING)

    def admit(self, level: int) -> int:
        return 0

    def emit(self, event: events.Event) -> None:
        """Nothing."""


def _introduce() -> bytes:
    return events.encode(
        events.ProcessStarted(
            time=time.time_ns() // 1000,
            pid=os.getpid(),
            host=socket.gethostname(),
            role=redact.text(role()),
            app_version=str(settings.APP_VERSION),
        )
    )


def role() -> str:
    """What this process is, for people: the program, and the command when it is manage.py."""
    program = Path(sys.argv[0] or "python")
    # `python -m gunicorn` runs gunicorn/__main__.py.
    name = program.parent.name if program.name == "__main__.py" else program.name
    return " ".join([name, *sys.argv[1:2]]) if name in ("manage.py", "django-admin") else name


# Read where `current()` would be one call too many.
chosen: Sink | None = None
_choosing = threading.RLock()


def current() -> Sink:
    """This process's sink, chosen at its first use."""
    return chosen if chosen is not None else _choose()


def lost(where: str = "") -> None:
    """Count a record that was not made, and tell stderr of the exception that `where` had."""
    if where:
        faults.report(where)
    try:
        current().board.dropped("internal_error")
    except Exception:
        faults.report("counting a lost record")


def replace(sink: Sink | None) -> Sink | None:
    """Use another sink (None: choose again); returns the one before."""
    global chosen
    before, chosen = chosen, sink
    return before


def _choose() -> Sink:
    global chosen
    with _choosing:
        if chosen is None:
            # Django's test runners put `outbox` there: an application's tests must write nothing.
            is_silent = settings.INGEST == "off" or hasattr(mail, "outbox")
            chosen = NullSink() if is_silent else JournalSink()
        return chosen


def _after_fork() -> None:
    global _choosing
    _choosing = threading.RLock()
    if isinstance(chosen, JournalSink):
        chosen.journal.close_inherited()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
