"""Who reads a damaged page tells ingest, which may never come by there: it then checks the store.

A file in the journal's folder is the message, as the reader may be another process.
"""

import sqlite3
import time
from pathlib import Path

from telemetry.conf import settings
from telemetry.ingest.connection import StoreMalformed, is_malformed

_NAME = "ingest.check"
# A check reads the whole store, so a reader that errs does not cause one after the other.
_SECONDS = 600.0


def tell() -> None:
    """A read has met a malformed page."""
    folder: Path = settings.journal_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / _NAME).touch(0o600)
    except OSError:
        # A process that may not write there: ingest finds it by itself, or at its next start.
        return


class Check:
    """Run by the holder of the ingest lock."""

    def __init__(self) -> None:
        self._next = 0.0

    def due(self) -> bool:
        """Whether somebody has told, and there was no check just before."""
        path: Path = settings.journal_dir / _NAME
        return time.monotonic() >= self._next and path.exists()

    def run(self, db: sqlite3.Connection) -> None:
        """Read the whole store. Raises StoreMalformed or sqlite3.Error."""
        self._next = time.monotonic() + _SECONDS
        (settings.journal_dir / _NAME).unlink(missing_ok=True)
        try:
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if not is_malformed(error):
                raise
            raise StoreMalformed(str(error), checked=True) from error
        if found != "ok":
            raise StoreMalformed(f"database disk image is malformed: {found}", checked=True)
