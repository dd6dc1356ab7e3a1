"""Interrupts an act of the small site at one instruction of telemetry after the other.

A program of its own, as each interrupt leaves what it leaves: `python -m
tests.telemetry.capture.interrupted ACT`. Prints how many interrupts there were and how many records
the act leaves when it is repeated at the end; exit 1 where an interrupt got lost.
"""

import itertools
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import telemetry
from tests.telemetry.interrupts import outcome

FOLDER = str(Path(telemetry.__file__).parent)


class Listening(logging.Handler):
    """Hears every record."""

    def emit(self, record: logging.LogRecord) -> None:
        pass


def act_of(name: str) -> Callable[[], Any]:
    """A request for a path, or a log record that is heard by a handler or not."""
    if name.startswith("/"):
        from django.test import Client

        client = Client(raise_request_exception=False)
        return lambda: client.get(name)
    logger = logging.getLogger("tests.interrupted")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(Listening() if name == "heard" else logging.NullHandler())
    return lambda: logger.info("for %s", "you", extra={"amount": 5})


def main(name: str) -> int:
    """The program."""
    import django

    django.setup()

    from telemetry.capture.sink import JournalSink, current

    act = act_of(name)
    act()
    for after in itertools.count():
        found = outcome(act, FOLDER, after)
        if found == "lost":
            print(f"the interrupt after {after} instructions")
            return 1
        if found == "never":
            break
    sink = current()
    assert isinstance(sink, JournalSink)
    before = sink.board.snapshot().accepted
    act()
    print(after, sink.board.snapshot().accepted - before)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
