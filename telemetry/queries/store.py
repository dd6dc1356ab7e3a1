"""Access to the store: its alias, and what to tell when it cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet
from django.utils.connection import ConnectionDoesNotExist

from telemetry.conf import settings
from telemetry.ingest import suspicion
from telemetry.ingest.connection import is_malformed
from telemetry.models.base import KEY_BITS
from telemetry.models.fields import from_microseconds, to_microseconds

M = TypeVar("M", bound=Model)

MAX_KEY = 2**63 - 1
# A page that waits for a lock longer than this says so instead. Milliseconds.
_BUSY_TIMEOUT = 2_000


class StoreUnavailableError(Exception):
    """The store cannot be read. `reason` is one sentence, `command` what to run next."""

    def __init__(self, reason: str, command: str) -> None:
        super().__init__(f"{reason} Run: {command}")
        self.reason = reason
        self.command = command


def rows(model: type[M]) -> QuerySet[M]:
    """The rows of `model`, from the store's own database whatever the router says."""
    return model._default_manager.using(settings.DATABASE)


def moment(key: int) -> datetime:
    """The time that a row's key begins with."""
    return from_microseconds(key >> KEY_BITS)


def key_of(when: datetime) -> int:
    """The lowest key of `when`, within what the database can compare."""
    return max(0, min(to_microseconds(when) << KEY_BITS, MAX_KEY))


@contextmanager
def reading() -> Iterator[None]:
    """Read with a short wait for locks; database errors become `StoreUnavailableError`."""
    try:
        connection = connections[settings.DATABASE]
        _connect(connection)
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT}")
            try:
                yield
            finally:
                cursor.execute(f"PRAGMA busy_timeout={_usual_timeout(connection)}")
    except ConnectionDoesNotExist:
        raise _no_alias() from None
    except DatabaseError as error:
        if is_malformed(error):
            suspicion.tell()
        raise _explain(error) from error


def _connect(connection: BaseDatabaseWrapper) -> None:
    """Open the connection, if need be, with the short wait: its first statements take locks too."""
    if connection.connection is not None:
        return
    usual = connection.settings_dict
    options = {**usual["OPTIONS"], "timeout": _BUSY_TIMEOUT / 1_000}
    # The dictionary is every thread's, the attribute this thread's alone.
    connection.settings_dict = {**usual, "OPTIONS": options}
    try:
        connection.ensure_connection()
    finally:
        connection.settings_dict = usual


def _usual_timeout(connection: BaseDatabaseWrapper) -> int:
    """Milliseconds; 5 s is what sqlite3 takes without the option."""
    return int(float(connection.settings_dict["OPTIONS"].get("timeout", 5)) * 1_000)


def _no_alias() -> StoreUnavailableError:
    return StoreUnavailableError(
        f"DATABASES has no alias “{settings.DATABASE}”, where telemetry keeps its records. "
        "Add it to the settings.",
        "python manage.py check",
    )


def _explain(error: DatabaseError) -> StoreUnavailableError:
    text = str(error)
    alias = settings.DATABASE
    if "no such table" in text or "no such column" in text:
        return StoreUnavailableError(
            "The telemetry database has not been migrated to this version.",
            f"python manage.py migrate --database {alias}",
        )
    if "unable to open" in text:
        name = connections[alias].settings_dict["NAME"]
        return StoreUnavailableError(
            f"The telemetry database {name} cannot be opened.",
            f"python manage.py migrate --database {alias}",
        )
    if "locked" in text:
        return StoreUnavailableError(
            "The telemetry database is locked by another program. Close it, then reload this page.",
            "python manage.py telemetry_status",
        )
    if is_malformed(error):
        return StoreUnavailableError(
            "The telemetry database is malformed. Ingest moves it aside and makes a new one, with "
            "the records that archive and journal still hold.",
            "python manage.py ingest",
        )
    return StoreUnavailableError(
        f"The telemetry database cannot be read: {text.rstrip('.')}.",
        "python manage.py telemetry_status",
    )
