"""Where this process's records go: the journal; a fixture's list; nowhere under a test runner."""

import os
import socket
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import msgspec
from django.core import mail

from telemetry.capture import faults
from telemetry.conf import settings
from telemetry.journal import events
from telemetry.journal.board import Board
from telemetry.journal.writer import Journal


class Sink(Protocol):
    """Takes events; never raises."""

    @property
    def board(self) -> Board: ...

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
        )
        self._limit = settings.MAX_RECORD_BYTES - 64

    @property
    def board(self) -> Board:
        return self.journal.board

    def emit(self, event: events.Event) -> None:
        try:
            payload = encode(event, self._limit)
        except Exception:
            faults.report("encoding a record")
            self.journal.drop("not_encodable")
            return
        if payload is None:
            self.journal.drop("too_large")
        else:
            self.journal.append(payload)


class MemorySink:
    """Keeps events in a list: for tests."""

    def __init__(self) -> None:
        self.board = Board(None)
        self.events: list[events.Event] = []

    def emit(self, event: events.Event) -> None:
        # Through the encoding, so that a test sees what ingest would read.
        payload = encode(event, 1 << 20)
        if payload is not None:
            self.events.append(events.decode(payload))


class NullSink:
    """Drops everything, uncounted: telemetry is off, or a test runner is at work."""

    def __init__(self) -> None:
        self.board = Board(None)

    def emit(self, event: events.Event) -> None:
        """Nothing."""


def encode(event: events.Event, limit: int) -> bytes | None:
    """The event as JSON of at most `limit` bytes, long texts cut; None when that is not enough."""
    payload = _encode(event)
    for text_limit in (4_096, 1_024, 256):
        if len(payload) <= limit:
            return payload
        payload = _encode(_shorten(event, text_limit))
    return payload if len(payload) <= limit else None


def _encode(event: events.Event) -> bytes:
    try:
        return events.encode(event)
    except UnicodeEncodeError:
        return events.encode(_map_texts(event, _escape_surrogates))


def _escape_surrogates(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode()


def _shorten(event: events.Event, limit: int) -> Any:
    def cut(value: str) -> str:
        return value if len(value) <= limit else f"{value[:limit]}… [cut: {len(value)} characters]"

    return _map_texts(event, cut)


def _map_texts(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {_map_texts(k, change): _map_texts(v, change) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_map_texts(item, change) for item in value]
    if isinstance(value, msgspec.Struct):
        fields = {
            name: _map_texts(getattr(value, name), change) for name in value.__struct_fields__
        }
        return type(value)(**fields)
    return value


def _introduce() -> bytes:
    return events.encode(
        events.ProcessStarted(
            time=time.time_ns() // 1000,
            pid=os.getpid(),
            host=socket.gethostname(),
            role=role(),
            app_version=str(settings.APP_VERSION),
        )
    )


def role() -> str:
    """What this process is, for people: the program, and the command when it is manage.py."""
    program = Path(sys.argv[0] or "python")
    # `python -m gunicorn` runs gunicorn/__main__.py.
    name = program.parent.name if program.name == "__main__.py" else program.name
    return " ".join([name, *sys.argv[1:2]]) if name in ("manage.py", "django-admin") else name


_sink: Sink | None = None


def current() -> Sink:
    """This process's sink, chosen at its first use."""
    return _sink if _sink is not None else _choose()


def replace(sink: Sink | None) -> Sink | None:
    """Use another sink (None: choose again); returns the one before."""
    global _sink
    before, _sink = _sink, sink
    return before


def _choose() -> Sink:
    global _sink
    # Django's test runners put `outbox` there: an application's tests must write nothing.
    if settings.INGEST == "off" or hasattr(mail, "outbox"):
        chosen: Sink = NullSink()
    else:
        chosen = JournalSink()
    _sink = chosen
    return chosen


def _after_fork() -> None:
    if isinstance(_sink, JournalSink):
        _sink.journal.close_inherited()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
