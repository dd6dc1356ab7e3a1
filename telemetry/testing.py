"""For tests of an application: what telemetry captured, in memory.

Under Django's test runners nothing is written anywhere. A test that wants to see it:

    def test_a_payment_binds_its_transaction(client, telemetry_capture):
        client.post("/pay/")
        assert telemetry_capture.requests[0].attributes["transaction.id"]

With pytest, set `pytest_plugins = ["telemetry.testing"]` in conftest.py; else use `capture()`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from telemetry.capture import sink
from telemetry.capture.governor import governor
from telemetry.journal import events as journal_events

try:
    import pytest
except ImportError:
    pytest = None  # type: ignore[assignment]

E = TypeVar("E", bound=journal_events.Event)


class Captured:
    """The events so far, in order, as ingest would read them."""

    def __init__(self, memory: sink.MemorySink) -> None:
        self._memory = memory

    @property
    def events(self) -> list[journal_events.Event]:
        """All of them."""
        return self._memory.events

    @property
    def requests(self) -> list[journal_events.UnitDone]:
        """Requests, tasks and commands that have ended."""
        return self._of(journal_events.UnitDone)

    @property
    def logs(self) -> list[journal_events.LogMade]:
        """Log records."""
        return self._of(journal_events.LogMade)

    @property
    def errors(self) -> list[journal_events.ErrorRaised]:
        """Exceptions."""
        return self._of(journal_events.ErrorRaised)

    @property
    def samples(self) -> list[journal_events.Sample]:
        """Metric samples, [type, name, labels, value], inside units of work and outside."""
        found: list[journal_events.Sample] = []
        for event in self.events:
            if isinstance(event, journal_events.UnitDone):
                found += event.metrics
            elif isinstance(event, journal_events.SamplesMade):
                found += event.samples
        return found

    def _of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


@contextmanager
def capture() -> Iterator[Captured]:
    """Capture in memory for the length of a block."""
    memory = sink.MemorySink()
    before = sink.replace(memory)
    try:
        # However slow the machine is, a test sees all detail.
        with governor.held():
            yield Captured(memory)
    finally:
        sink.replace(before)


if pytest is not None:

    @pytest.fixture
    def telemetry_capture() -> Iterator[Captured]:
        """What telemetry captures during the test."""
        with capture() as captured:
            yield captured
