"""Draws a set of pictures. matplotlib is imported only here, and only when something is drawn."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.dashboards import files
from telemetry.queries import images
from telemetry.queries.store import reading

if TYPE_CHECKING:
    from telemetry.dashboards.sheet import Sheet

INSTALL = "python -m pip install matplotlib"
# matplotlib promises nothing about threads, and one drawing at a time is enough for a web process.
_lock = threading.Lock()


class CannotDraw(Exception):
    """Why there are no pictures, in one sentence that says what to do."""


class Unwritable(CannotDraw):
    """The folder for the pictures cannot be used."""


class Busy(CannotDraw):
    """Another thread of this process is drawing."""


def draw(since: timedelta, out: Path | None = None, now: datetime | None = None) -> list[Path]:
    """Draw what happened in `since` until now, and trim old sets; empty for an empty store.

    Raises CannotDraw (no matplotlib; the folder cannot be written), StoreUnavailableError.
    """
    end = now or datetime.now(UTC)
    where = files.folder() if out is None else out
    if not _lock.acquire(blocking=False):
        raise Busy("Pictures are being drawn at this moment. Reload the page in a few seconds.")
    try:
        makers = _makers()
        with reading():
            if not images.anything_stored():
                return []
            chosen = images.span(end - since, end)
            _prepare(where)
            # One after another: a sheet's memory is given back before the next one's is taken.
            drawn = [_save(make(chosen), where / files.name_of(kind, end)) for kind, make in makers]
        # What somebody had put elsewhere is theirs.
        if out is None:
            files.trim(where)
        return drawn
    finally:
        _lock.release()


def _makers() -> list[tuple[str, "Callable[[images.Span], Sheet]"]]:
    try:
        from telemetry.dashboards import grids, overview
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("matplotlib", "numpy"):
            raise
        raise CannotDraw(f"Pictures need matplotlib. Run: {INSTALL}") from error
    return [
        ("overview", overview.draw),
        ("counters", grids.counters),
        ("gauges", grids.gauges),
        ("histograms", grids.histograms),
    ]


def _prepare(where: Path) -> None:
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise Unwritable(f"{where} is not a folder. Name a folder.") from None
    except OSError as error:
        raise Unwritable(f"{where} cannot be made: {error.strerror}.") from error
    if not os.access(where, os.W_OK | os.X_OK):
        raise Unwritable(f"{where} cannot be written to.")


def _save(sheet: "Sheet", path: Path) -> Path:
    draft = files.draft_of(path)
    try:
        sheet.save(draft)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Unwritable(f"{path} cannot be written: {error.strerror}.") from error
    return path
