"""The store's write lock: taken at once, or waited for, and the wait told."""

import sqlite3
import time

from telemetry.ingest import builtin
from telemetry.ingest.own import STORE, Own


def begin(db: sqlite3.Connection, own: Own) -> None:
    """BEGIN IMMEDIATE; notes how long it had to wait, if it had to. Raises sqlite3.Error."""
    usual = db.execute("PRAGMA busy_timeout").fetchone()[0]
    db.execute("PRAGMA busy_timeout=0")
    try:
        db.execute("BEGIN IMMEDIATE")
        return
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
    finally:
        db.execute(f"PRAGMA busy_timeout={usual}")
    began = time.perf_counter()
    outcome = "failed"
    try:
        db.execute("BEGIN IMMEDIATE")
        outcome = "acquired"
    finally:
        labels = (*STORE, ("outcome", outcome))
        own.note(builtin.BUSY_WAIT, time.perf_counter() - began, labels)
