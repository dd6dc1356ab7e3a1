"""What a forked process does. Each takes its world's folder, and JSON values as keywords."""

import json
import logging
import time
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connections

from telemetry import conf
from telemetry.capture import context
from telemetry.ingest.election import Election
from telemetry.ingest.rows import Rows
from telemetry.ingest.worker import Worker
from telemetry.journal import reader
from telemetry.journal.writer import RETRY_SECONDS
from telemetry.queries.status import status as delivery_status
from telemetry.retention import upkeep
from tests.telemetry.faults import crash, limits, oddities, payload
from tests.telemetry.faults.ledger import Note
from tests.telemetry.faults.observing import observe

__all__ = ["observe"]


def move_to(folder: Path, telemetry: dict[str, Any]) -> None:
    """Work in this folder from now on, with these settings over those of the site."""
    django_settings.TELEMETRY = {**django_settings.TELEMETRY, "DATA_DIR": folder, **telemetry}
    conf.settings.clear()
    connections.settings["telemetry"]["NAME"] = folder / "db" / "telemetry.sqlite3"


def migrate(folder: Path) -> None:
    """Make the store, or bring it to this code's schema."""
    (folder / "db").mkdir(exist_ok=True)
    call_command("migrate", database="telemetry", verbosity=0)
    connections["telemetry"].close()


def write(
    folder: Path,
    stream: str,
    count: int | None = None,
    pause: float = 0.0,
    running: int = 0,
    plan: crash.Plan | None = None,
    limit: limits.Limit | None = None,
    suicide: bool = False,
) -> None:
    """Emit a stream, noting each record that was accepted, until `count` or until killed.

    `running` units of work are begun and never ended; `suicide` ends with kill -9.
    """
    note = Note(folder / "notes", stream)
    limits.impose(limit)
    for number in range(running):
        _begin_unit(f"{stream}-{number}")
    crash.arm(plan)
    number = 0
    while count is None or number < count:
        payload.emit(stream, number)
        number += 1
        note.accepted(number)
        if pause:
            time.sleep(pause)
    crash.disarm()
    if suicide:
        crash.kill_self()


def _begin_unit(name: str) -> None:
    from telemetry.capture import units

    unit = context.Unit(context.COMMAND)
    unit.route = name
    units.begin(unit)
    context.current.set(None)


def ingest(
    folder: Path,
    plan: crash.Plan | None = None,
    limit: limits.Limit | None = None,
    seconds: float = 60,
    forever: bool = False,
    survey: bool = False,
) -> int:
    """Ingest until the journal is empty (status 1 when it is not in time), or for good."""
    limits.impose(limit)
    # Retention is part of ingest; it would begin too late for us.
    upkeep.FIRST_SECONDS = 0.0
    deadline = time.monotonic() + seconds
    journal = conf.settings.journal_dir
    crash.arm(plan)
    election = Election()
    if not election.demand(seconds):
        return 2

    def finished() -> bool:
        late = not forever and time.monotonic() > deadline
        empty = not forever and not reader.segments(journal) and not reader.boards(journal)
        return late or empty or election.is_asked_to_yield()

    Worker().run(finished)
    crash.disarm()
    election.release()
    return 1 if reader.segments(journal) and not forever else 0


def idle(folder: Path) -> None:
    """Nothing, until killed."""
    time.sleep(3_600)


def status(folder: Path) -> None:
    """Write the delivery status to the folder."""
    found = delivery_status().as_dict()
    (folder / "status.json").write_text(json.dumps(found))


def lock_store(folder: Path, seconds: float) -> None:
    """Hold the store's write lock, as a careless program would."""
    wrapper = connections["telemetry"]
    wrapper.ensure_connection()
    db = wrapper.connection
    db.execute("BEGIN EXCLUSIVE")
    (folder / "locked").touch()
    time.sleep(seconds)
    db.execute("ROLLBACK")
    (folder / "locked").unlink()


def write_where_files_cannot_grow(
    folder: Path, stream: str, count: int, limited: list[int], size: int
) -> None:
    """Emit a stream; from the first to the second of `limited` no file may pass `size` bytes."""
    note = Note(folder / "notes", stream)
    for number in range(count):
        if number == limited[0]:
            limits.file_bytes(size)
        if number == limited[1]:
            limits.file_bytes(None)
            # A file that could not be made is tried again then.
            time.sleep(1.1 * RETRY_SECONDS)
        payload.emit(stream, number)
        note.accepted(number + 1)


def odd(folder: Path, case: str) -> None:
    """Log one odd record."""
    oddities.CASES[case](f"odd {case}")


def poison(folder: Path, level: int) -> None:
    """Log a record whose level is a number that SQLite does not take."""
    logging.getLogger("poison").log(level, "poison")


def ingest_that_logs(folder: Path, turns: int) -> int:
    """Ingest with a line of code in it that logs; status 1 when so many turns do not end it."""
    log = logging.getLogger("ingest")
    original = Rows.write

    def write(self: Rows) -> None:
        log.warning("from ingest")
        original(self)

    Rows.write = write  # type: ignore[method-assign]
    worker = Worker()
    idle = any(not worker.step() for _ in range(turns))
    worker.close()
    return 0 if idle else 1


def log_with_a_filter_that_logs(folder: Path, count: int) -> None:
    """Log through a logger whose filter, and whose handler, log too."""
    log = logging.getLogger("outer")

    class Filter(logging.Filter):
        depth = 0

        def filter(self, record: logging.LogRecord) -> bool:
            if self.depth == 0:
                self.depth += 1
                log.info("filter: %s", record.msg)
                self.depth -= 1
            return True

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logging.getLogger("quiet").info("handler: %s", record.getMessage())

    log.addFilter(Filter())
    log.addHandler(Handler())
    for number in range(count):
        log.info("outer %s", number)
