"""Sizes of the SQLite files that Django's settings name: the store, and what else is SQLite."""

from pathlib import Path

from django.db import connections

from telemetry.conf import settings
from telemetry.ingest import builtin
from telemetry.ingest.sampling.readings import Reading

_FILES = (("main", ""), ("wal", "-wal"))


def readings() -> list[Reading]:
    """The main file and the write-ahead log of each SQLite database that is a file."""
    found = []
    for alias, path in _databases().items():
        for kind, suffix in _FILES:
            size = _size(path.with_name(f"{path.name}{suffix}"))
            # Without its main file there is no database; without a log it is empty.
            if size is None and not suffix:
                break
            labels = (("database", alias), ("file", kind))
            found.append(Reading(builtin.FILE_SIZE, labels, size or 0))
    return found


def _databases() -> dict[str, Path]:
    """The store under `store`, others by their alias."""
    found = {}
    for alias in connections:
        if connections[alias].vendor == "sqlite":
            name = "store" if alias == settings.DATABASE else alias
            found[name] = Path(str(connections[alias].settings_dict["NAME"]))
    return found


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return None
