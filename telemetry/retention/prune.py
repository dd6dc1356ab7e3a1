"""Retention on demand, without being a second writer.

Ingest may be at work in another process. Its lock is then taken in short turns: ask for it, delete
for at most a second, give it back, and leave the other side time to take it again and read what
came in. Turns rather than a request to the running ingest, because they work the same whether
`manage.py ingest`, a web process or nobody holds the lock, and a holder that hangs is noticed.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from telemetry.ingest import drain_if_free
from telemetry.ingest.connection import Store, StoreUnavailable, advice, path
from telemetry.ingest.election import Election, holder
from telemetry.retention import counts
from telemetry.retention.counts import Expired
from telemetry.retention.sweep import Sweep
from telemetry.retention.upkeep import within

_WAIT_SECONDS = 30.0
_TURN_SECONDS = 1.0
# Those who wait for the lock look each second; then they need time to read what has come in.
_BETWEEN_SECONDS = 2.0
# Between two deletes: other writers (images, triage) get their commits in.
_PAUSE_SECONDS = 0.005


class PruneFailed(Exception):
    """Nothing more could be deleted; the message says what to do."""


@dataclass
class Pruned:
    """Rows that went, by kind, and by how many bytes the store's file shrank."""

    gone: Counter[str] = field(default_factory=Counter)
    bytes_freed: int = 0


def preview_now() -> tuple[list[Expired], int]:
    """What `prune` would delete now: by age, and bytes beyond the size. Raises PruneFailed."""
    store = Store()
    try:
        db = store.reading()
        return counts.expired(db), counts.excess(db)
    except (StoreUnavailable, sqlite3.Error) as error:
        raise _failed(error) from error
    finally:
        store.close()


def prune() -> Pruned:
    """Delete all that is too old. Raises PruneFailed."""
    store = Store()
    sweep = Sweep(store)
    steps = sweep.steps()
    before = _size(path())
    try:
        # What ingest would add to the store is judged too.
        drain_if_free()
        while _turn(store, lambda: within(steps, _TURN_SECONDS, _PAUSE_SECONDS)):
            time.sleep(_BETWEEN_SECONDS)
    except (StoreUnavailable, sqlite3.Error) as error:
        raise _failed(error) from error
    finally:
        steps.close()
        store.close()
    return Pruned(sweep.gone, max(0, before - _size(path())))


def _turn(store: Store, work: Callable[[], bool]) -> bool:
    # Said before the lock is asked for: a store that is not there must not stop ingest.
    store.reading()
    election = Election()
    if not election.demand(_WAIT_SECONDS):
        pid = (holder() or {}).get("pid", "?")
        raise PruneFailed(
            f"process {pid} ingests and did not hand over within {_WAIT_SECONDS:g} s. "
            "See what it does with: python manage.py telemetry_status"
        )
    try:
        return work()
    finally:
        election.release()


def _failed(error: Exception) -> PruneFailed:
    return PruneFailed(advice(error) if isinstance(error, sqlite3.Error) else str(error))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
