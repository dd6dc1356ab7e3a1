"""A store in place of one that is gone or malformed: migrated beside it, then put in its place.

A malformed file is moved aside, not deleted. What people wrote is copied out of it as far as it can
be read; captured rows come back from the archive and the journal (see `recovery`).
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command
from django.db import connections

from telemetry.conf import settings
from telemetry.ingest import archive, notices
from telemetry.ingest.connection import StoreUnavailable, path

MALFORMED = ".malformed-"
_BESIDE = ("-wal", "-shm")
# Records lie in the journal for a while before they are archived.
_LAG_SECONDS = 3600


@dataclass(frozen=True)
class Salvaged:
    """A table that people write. `adjust` runs after its rows are copied, with the time in
    microseconds from which on captured rows will be read again."""

    table: str
    adjust: str = ""


# In an order in which what is referred to comes first.
SALVAGED = (
    Salvaged(
        "telemetry_loadrun",
        # Counted again as their requests are read again.
        "UPDATE telemetry_loadrun SET requests = 0, errors = 0, first_seen = NULL,"
        " last_seen = NULL WHERE last_seen >= ?",
    ),
)


def make_again() -> None:
    """Make the store that was deleted. Raises StoreUnavailable."""
    target = path()
    with _trouble("cannot be made again"):
        draft = _build(target)
        # SQLite would replay the deleted one's log into the new one.
        for suffix in _BESIDE:
            _beside(target, suffix).unlink(missing_ok=True)
        if target.exists() and target.stat().st_size:
            # Somebody else was faster: theirs stands.
            draft.unlink()
        else:
            os.replace(draft, target)
    notices.say(f"{target} had been deleted and was made again")


def replace_malformed() -> Path:
    """Put a new store in the place of a malformed one; where that is now. Raises StoreUnavailable.

    At each moment one of the two is there under the store's name.
    """
    target = path()
    with _trouble("is malformed and cannot be replaced"):
        draft = _build(target)
        rows = _salvage(target, draft)
        aside = _aside(target)
        try:
            os.link(target, aside)
        except OSError:
            # A filesystem without hard links.
            os.rename(target, aside)
        for suffix in _BESIDE:
            if _beside(target, suffix).exists():
                os.rename(_beside(target, suffix), _beside(aside, suffix))
        os.replace(draft, target)
    found = ", ".join(f"{count:,} of {table}" for table, count in rows.items())
    notices.say(
        f"{target} was malformed: moved to {aside}, a new store is in its place. Salvaged rows: "
        f"{found}. Captured records come back as far as archive and journal hold them"
    )
    return aside


def moved_aside() -> list[Path]:
    """The malformed stores that lie beside this one, the newest first."""
    target = path()
    found = target.parent.glob(f"{target.name}{MALFORMED}*")
    return sorted((each for each in found if not each.name.endswith(_BESIDE)), reverse=True)


def _build(target: Path) -> Path:
    """A migrated, empty store beside the target."""
    draft = target.with_name(f"{target.name}.building")
    for suffix in ("", *_BESIDE):
        _beside(draft, suffix).unlink(missing_ok=True)
    wrapper = connections[settings.DATABASE]
    wrapper.close()
    usual = wrapper.settings_dict
    # The dictionary is every thread's, the attribute this thread's alone.
    wrapper.settings_dict = {**usual, "NAME": str(draft)}
    try:
        call_command("migrate", database=settings.DATABASE, verbosity=0, interactive=False)
    finally:
        wrapper.close()
        wrapper.settings_dict = usual
    return draft


def _salvage(malformed: Path, draft: Path) -> dict[str, int]:
    """Copy what people wrote; {table: rows}."""
    oldest = archive.oldest()
    since = (time.time() if oldest is None else oldest) - _LAG_SECONDS
    counts = {each.table: 0 for each in SALVAGED}
    try:
        source = sqlite3.connect(f"{malformed.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return counts
    with closing(source), closing(sqlite3.connect(draft, isolation_level=None)) as new:
        source.text_factory = lambda data: data.decode("utf-8", "replace")
        new.execute("BEGIN IMMEDIATE")
        for each in SALVAGED:
            counts[each.table] = _copy(source, new, each.table)
            if each.adjust:
                new.execute(each.adjust, (int(since * 1e6),))
        new.execute("COMMIT")
    return counts


def _copy(source: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    here = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]
    try:
        there = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    except sqlite3.Error:
        return 0
    columns = [f'"{name}"' for name in here if name in there]
    if not columns:
        return 0
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    count = 0
    for row in _rows(source, f"SELECT {names} FROM {table} ORDER BY rowid"):  # noqa: S608
        try:
            sql = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
            count += new.execute(sql, row).rowcount
        except sqlite3.IntegrityError:
            continue
    return count


def _rows(source: sqlite3.Connection, sql: str) -> Iterator[tuple[object, ...]]:
    """From the front up to a damaged page, then from the back."""
    for order in ("", " DESC"):
        try:
            yield from source.execute(sql + order)
        except sqlite3.Error:
            continue
        return


@contextmanager
def _trouble(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Migrations raise what they like; the store stays as it is, and is tried again.
        raise StoreUnavailable(f"{path()} {what}: {error}") from error


def _aside(target: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return target.with_name(f"{target.name}{MALFORMED}{stamp}")


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(f"{file.name}{suffix}")
