"""Whether the store is of a newer version than this code, which would leave out what it has not
heard of: sums, for good."""

import functools
import pkgutil
import sqlite3
from importlib import import_module

from django.db.migrations.loader import MigrationLoader


def unknown(db: sqlite3.Connection) -> list[str]:
    """The migrations of telemetry that the store has had and this code has not, in order."""
    try:
        had = db.execute("SELECT name FROM django_migrations WHERE app = 'telemetry'").fetchall()
    except sqlite3.OperationalError:
        # Not migrated at all, or not by Django.
        return []
    return sorted({name for (name,) in had} - _known())


@functools.cache
def _known() -> frozenset[str]:
    # A project may keep an app's migrations elsewhere, or have none.
    name, _ = MigrationLoader.migrations_module("telemetry")
    if name is None:
        return frozenset()
    return frozenset(one.name for one in pkgutil.iter_modules(import_module(name).__path__))
