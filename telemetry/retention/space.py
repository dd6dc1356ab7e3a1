"""Giving back the room of deleted rows: small steps, as a long one would hold writers up."""

import sqlite3

# 4 KiB each; a step of so many takes a few milliseconds.
_PAGES = 200


def used(db: sqlite3.Connection) -> int:
    """Bytes of the store that hold rows and indexes; free pages are not counted."""
    return (_number(db, "page_count") - free(db)) * _number(db, "page_size")


def size(db: sqlite3.Connection) -> int:
    """Bytes of the whole store, without its write-ahead log."""
    return _number(db, "page_count") * _number(db, "page_size")


def free(db: sqlite3.Connection) -> int:
    """Pages without content."""
    return _number(db, "freelist_count")


def shrink(db: sqlite3.Connection) -> bool:
    """Cut a few free pages off the file; False when there are none left that can be."""
    before = free(db)
    if not before:
        return False
    # Each page is freed by a step of the statement: without reading its rows it frees one.
    db.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
    # A store that was made without auto_vacuum keeps them, for rows to come.
    return 0 < free(db) < before


def checkpoint(db: sqlite3.Connection) -> None:
    """Move what readers allow from the log into the file, so that the log is reused."""
    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _number(db: sqlite3.Connection, pragma: str) -> int:
    return int(db.execute(f"PRAGMA {pragma}").fetchone()[0])
