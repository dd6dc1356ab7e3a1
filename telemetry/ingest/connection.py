"""The ingest connection to the store: the plain sqlite3 one, checked to be the file on disk."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections

from telemetry.conf import settings
from telemetry.ingest import builtin, schema, wal, writelock
from telemetry.ingest.own import STORE, Own

_MALFORMED = (
    "database disk image is malformed",
    "file is not a database",
    "malformed database schema",
)


class StoreUnavailable(Exception):
    """The store cannot take rows now; the message says what to do. The journal keeps them."""


class StoreMissing(StoreUnavailable):
    """There is no file, or an empty one."""


class StoreMalformed(StoreUnavailable):
    """The file is not a database, or a damaged one; `checked` when all of it was read to tell."""

    def __init__(self, text: str, *, checked: bool = False) -> None:
        super().__init__(text)
        self.checked = checked


def path() -> Path:
    """The store's file."""
    return Path(str(connections[settings.DATABASE].settings_dict["NAME"]))


class Store:
    """Hands out the connection. Never bound to a file that is no longer the one on disk."""

    def __init__(
        self, on_replaced: Callable[[], None] = lambda: None, own: Own | None = None
    ) -> None:
        self._on_replaced = on_replaced
        # What its work is measured by.
        self._own = own or Own()
        self._inode = 0
        # SQLite's number of the schema that was looked at.
        self._schema = -1
        self._is_ours = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One IMMEDIATE transaction: all of it, or nothing. Raises StoreUnavailable."""
        db = self._connect()
        self._bound_log(db)
        try:
            writelock.begin(db, self._own)
        except sqlite3.Error as error:
            raise unavailable(error) from error
        changes = db.total_changes
        try:
            self._check_version(db)
            yield db
            if db.total_changes == changes:
                db.execute("COMMIT")
            else:
                with self._own.timed(builtin.COMMIT, STORE):
                    db.execute("COMMIT")
        except BaseException:
            # After a full disk SQLite has rolled back by itself.
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _check_version(self, db: sqlite3.Connection) -> None:
        """Somebody may migrate the store while an older process still ingests into it."""
        (version,) = db.execute("PRAGMA schema_version").fetchone()
        if version == self._schema:
            return
        if newer := schema.unknown(db):
            raise StoreUnavailable(
                f"{path()} is of a newer version ({newer[-1]}) than this process. Restart it with "
                "the code that migrated the store"
            )
        self._schema = version

    def reading(self) -> sqlite3.Connection:
        """The connection outside a transaction, for reads. Raises StoreUnavailable."""
        return self._connect()

    def close(self) -> None:
        """Close the connection if it was opened here; a command's own stays as it was."""
        if self._is_ours:
            self._discard()

    def reopen(self) -> None:
        """Begin with a new connection: one that was opened on a read-only file stays so."""
        if self._is_ours:
            connections[settings.DATABASE].close()

    def _discard(self) -> None:
        connections[settings.DATABASE].close()
        self._inode = 0
        # What comes next may be another file.
        self._on_replaced()

    def _bound_log(self, db: sqlite3.Connection) -> None:
        try:
            waiting = wal.bound(db, path(), self._own)
        except sqlite3.Error as error:
            raise unavailable(error) from error
        if waiting:
            raise StoreUnavailable(waiting)

    def _connect(self) -> sqlite3.Connection:
        inode = self._present()
        wrapper = connections[settings.DATABASE]
        # Inserts into a deleted WAL database succeed silently.
        if self._inode not in (0, inode):
            self._schema = -1
            wrapper.close()
            self._on_replaced()
        if wrapper.connection is None:
            self._is_ours = True
        try:
            wrapper.ensure_connection()
        except Exception as error:
            # Half set up: without its pragmas it would not wait for locks, nor survive power loss.
            wrapper.close()
            raise unavailable(error, "the store cannot be opened: ") from error
        self._inode = inode
        # Django's cursor would translate placeholders and, under DEBUG, keep every statement.
        db: sqlite3.Connection = wrapper.connection
        return db

    def _present(self) -> int:
        """The file's inode; an empty file counts as none: SQLite would take it for a new store."""
        try:
            found = os.stat(path())
        except OSError:
            found = None
        if found is not None and found.st_size:
            return found.st_ino
        self._discard()
        what = "is not there" if found is None else "is empty"
        raise StoreMissing(f"{path()} {what}. {_migrate()}")


def unavailable(error: Exception, prefix: str = "") -> StoreUnavailable:
    """What to raise for an error of the store."""
    text = prefix + (advice(error) if isinstance(error, sqlite3.Error) else str(error))
    kind = StoreMalformed if is_malformed(error) else StoreUnavailable
    return kind(text)


def advice(error: sqlite3.Error) -> str:
    """What the store said, and what to run when that mends it."""
    if "no such table" in str(error) or "no such column" in str(error):
        return f"{error}. {_migrate()}"
    return str(error)


def is_malformed(error: Exception) -> bool:
    """Whether the store's file itself is damaged."""
    return any(text in str(error) for text in _MALFORMED)


def is_passing(error: sqlite3.Error) -> bool:
    """Whether an error is the store's state (locked, full, broken), not the data's fault."""
    # DatabaseError itself is raised for a malformed file, its other subclasses for bad data.
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def _migrate() -> str:
    return f"Run: python manage.py migrate --database {settings.DATABASE}"
