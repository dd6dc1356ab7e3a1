"""The bound of the write-ahead log, which a reader that stays open keeps from being reused.

Beyond `WAL_MAX_BYTES` nothing more is written until a checkpoint has emptied it: the journal keeps
what comes in, and the log does not fill the disk.
"""

import sqlite3
from pathlib import Path

from telemetry.conf import settings
from telemetry.ingest import builtin
from telemetry.ingest.own import STORE, Own

# Readers are waited for so long, milliseconds: the next try is a second later.
_WAIT = 100


def bound(db: sqlite3.Connection, store: Path, own: Own) -> str:
    """Empty a log that is too long; why nothing can be written now, or nothing. Outside a
    transaction; `own` is told how long it took. Raises sqlite3.Error."""
    size = size_of(store)
    if size <= settings.WAL_MAX_BYTES:
        return ""
    before = db.execute("PRAGMA busy_timeout").fetchone()[0]
    db.execute(f"PRAGMA busy_timeout={_WAIT}")
    try:
        with own.timed(builtin.CHECKPOINT, (*STORE, ("mode", "truncate"))):
            (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout={before}")
    if not busy:
        return ""
    return (
        f"its write-ahead log has {size:,} bytes, over WAL_MAX_BYTES, and a reader holds it back. "
        "Close the program that has the store open (an SQLite shell, a backup, a long page)"
    )


def size_of(store: Path) -> int:
    """Bytes of the write-ahead log; 0 when there is none."""
    try:
        return store.with_name(f"{store.name}-wal").stat().st_size
    except OSError:
        return 0
