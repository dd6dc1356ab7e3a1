"""A WSGI module for `gunicorn --preload`: it logs in the parent, before there are workers."""

import os
from pathlib import Path

from tests.telemetry.faults import payload
from tests.telemetry.faults.ledger import Note
from tests.telemetry.faults.wsgi import application

note = Note(Path(os.environ["FAULTS_DIR"]) / "notes", "preloaded")
for number in range(10):
    payload.emit("preloaded", number)
    note.accepted(number + 1)
__all__ = ["application"]
