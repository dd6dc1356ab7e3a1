"""The ingest connection to the store: the plain sqlite3 one, checked to be the file on disk."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections

from telemetry.conf import settings


class StoreUnavailable(Exception):
    """The store cannot take rows now; the message says what to do. The journal keeps them."""


def path() -> Path:
    """The store's file."""
    return Path(str(connections[settings.DATABASE].settings_dict["NAME"]))


class Store:
    """Hands out the connection. Never bound to a file that is no longer the one on disk."""

    def __init__(self, on_replaced: Callable[[], None] = lambda: None) -> None:
        self._on_replaced = on_replaced
        self._inode = 0
        self._is_ours = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One IMMEDIATE transaction: all of it, or nothing. Raises StoreUnavailable."""
        db = self._connect()
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the store is busy or broken: {error}") from error
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            # After a full disk SQLite has rolled back by itself.
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def reading(self) -> sqlite3.Connection:
        """The connection outside a transaction, for reads. Raises StoreUnavailable."""
        return self._connect()

    def close(self) -> None:
        """Close the connection if it was opened here; a command's own stays as it was."""
        if self._is_ours:
            self._discard()

    def _discard(self) -> None:
        connections[settings.DATABASE].close()
        self._inode = 0
        # What comes next may be another file.
        self._on_replaced()

    def _connect(self) -> sqlite3.Connection:
        try:
            inode = os.stat(path()).st_ino
        except OSError as error:
            self._discard()
            raise StoreUnavailable(
                f"{path()} is not there. Run: python manage.py migrate --database "
                f"{settings.DATABASE}"
            ) from error
        wrapper = connections[settings.DATABASE]
        # Inserts into a deleted WAL database succeed silently.
        if self._inode not in (0, inode):
            wrapper.close()
            self._on_replaced()
        if wrapper.connection is None:
            self._is_ours = True
        try:
            wrapper.ensure_connection()
        except Exception as error:
            raise StoreUnavailable(f"the store cannot be opened: {error}") from error
        self._inode = inode
        # Django's cursor would translate placeholders and, under DEBUG, keep every statement.
        db: sqlite3.Connection = wrapper.connection
        return db


def is_passing(error: sqlite3.Error) -> bool:
    """Whether an error is the store's state (locked, full, broken), not the data's fault."""
    # DatabaseError itself is raised for a malformed file, its other subclasses for bad data.
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError
