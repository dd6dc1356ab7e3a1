"""Results of load tests: files that the clients write → `LoadRun.result`.

A result belongs to a run that this store has requests of. One that arrives before its requests
waits; one of a run against another site waits for good, which costs a key look-up every 5 s.
"""

import json
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telemetry.conf import settings
from telemetry.ingest import notices
from telemetry.ingest.connection import Store, unavailable

SCHEMAS = (1,)
_EVERY_SECONDS = 5.0
_MOST_BYTES = 8 * 1024 * 1024
_CHUNK = 500
# The sections that pages read; numbers within them are looked at where they are shown.
_SECTIONS: dict[str, type] = {"total": dict, "endpoints": list, "errors": list, "series": dict}


class NotAResultError(Exception):
    """The file is not the result of a run; the message says why."""


@dataclass
class Results:
    """Looks into the folder now and then; a file is read again when it has changed."""

    _next: float = 0.0
    # file name → (modified ns, bytes)
    _seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    # run → the file with its result, until the run's row has it
    _waiting: dict[str, Path] = field(default_factory=dict)

    def collect(self, store: Store) -> None:
        """Put new results into the rows of their runs. Raises StoreUnavailable."""
        folder = settings.LOAD_RESULTS_DIR
        if folder is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY_SECONDS
        self._look(Path(folder))
        if self._waiting:
            self._attach(store)

    def _look(self, folder: Path) -> None:
        try:
            files = sorted(folder.glob("*.json"))
        except OSError:
            return
        for file in files:
            try:
                stat = file.stat()
                state = (stat.st_mtime_ns, stat.st_size)
                if self._seen.get(file.name) == state:
                    continue
                self._seen[file.name] = state
                self._waiting[read(file)["run"]] = file
            except FileNotFoundError:
                continue
            except (OSError, NotAResultError) as error:
                notices.say(f"{file} is not read as a load test's result: {error}")

    def _attach(self, store: Store) -> None:
        try:
            known = _known(store.reading(), list(self._waiting))
            if not known:
                return
            with store.transaction() as db:
                for run in known:
                    _store(db, run, self._waiting[run])
        except sqlite3.Error as error:
            raise unavailable(error) from error
        for run in known:
            del self._waiting[run]


def read(file: Path) -> dict[str, Any]:
    """The result in a file; raises NotAResultError or OSError."""
    if file.stat().st_size > _MOST_BYTES:
        raise NotAResultError(f"it is larger than {_MOST_BYTES:,} bytes")
    try:
        result = json.loads(file.read_bytes(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotAResultError(f"it is not JSON: {error}") from None
    if not isinstance(result, dict) or result.get("schema") not in SCHEMAS:
        raise NotAResultError(f"its schema is none of: {', '.join(map(str, SCHEMAS))}")
    run = result.get("run")
    if not isinstance(run, str) or not 0 < len(run) <= 64:
        raise NotAResultError("it names no run")
    for name, kind in _SECTIONS.items():
        if not isinstance(result.get(name), kind):
            raise NotAResultError(f"its {name!r} is missing or of another type")
    return result


def _refuse(constant: str) -> None:
    # Python writes NaN, which is not JSON and which the column would not take.
    raise ValueError(f"{constant} is not a number")


def _known(db: sqlite3.Connection, runs: list[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(runs), _CHUNK):
        part = runs[start : start + _CHUNK]
        marks = ", ".join("?" * len(part))
        rows = db.execute(f"SELECT id FROM telemetry_loadrun WHERE id IN ({marks})", part)  # noqa: S608
        found.extend(run for (run,) in rows)
    return found


def _store(db: sqlite3.Connection, run: str, file: Path) -> None:
    try:
        result = read(file)
    except (OSError, NotAResultError):
        # It went away or changed since; what it has become is looked at the next time.
        return
    if result["run"] != run:
        return
    text = json.dumps(result, separators=(",", ":"))
    try:
        db.execute(
            "UPDATE telemetry_loadrun SET result = ? WHERE id = ? AND result IS NOT ?",
            (text, run, text),
        )
    except sqlite3.IntegrityError as error:
        # Nested deeper than SQLite's own reader goes.
        notices.say(f"{file} is refused by the store: {error}")
