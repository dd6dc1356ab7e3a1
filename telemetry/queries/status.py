"""The state of delivery: does every record that was emitted stand somewhere?"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
from django.db import connections
from django.db.models import F, Sum

from telemetry.conf import settings
from telemetry.ingest.election import holder
from telemetry.ingest.rebuild import moved_aside
from telemetry.journal import boards, events, reader
from telemetry.models import Process, Segment, Total
from telemetry.models.fields import from_microseconds
from telemetry.queries import gaps, overflow, overhead
from telemetry.queries.delivery import Status

_ATTEMPTS = 5
_settled = 0


def status() -> Status:
    """The equation and what is around it. Raises DatabaseError when the store cannot be read."""
    global _settled
    for _ in range(_ATTEMPTS):
        counts = _count()
        if counts.balanced or counts.missing == _settled:
            break
        # Ingest moved a segment's records, or its file, between two of our looks.
        time.sleep(0.05)
    # A gap that stays is not waited for on each page.
    _settled = counts.missing
    return counts


def _count() -> Status:
    # In this order: a record that moves on while we look is then seen at least once.
    folder: Path = settings.journal_dir
    last_words = {reader.writer(path): boards.read(path) for path in reader.boards(folder)}
    with _one_moment():
        totals = dict(Total.objects.using(settings.DATABASE).values_list("name", "value"))
        ended, seen, positions = _processes()
        overflowed = overflow.observations()
    pending, oldest, unreadable = _pending(folder, positions)
    emitted = totals.get("emitted", 0)
    dropped: Counter[str] = Counter(
        {k.partition(":")[2]: v for k, v in totals.items() if k.startswith("dropped:")}
    )
    here: dict[str, int] = {}
    for writer in (last_words.keys() | seen.keys() | pending.keys()) - ended:
        last = last_words.get(writer)
        here[writer] = seen.get(writer, 0) + pending[writer]
        emitted += max(here[writer], last.accepted if last else 0)
        if last:
            emitted += sum(last.dropped.values())
            dropped.update(last.dropped)
    now = time.time_ns() // 1000
    who = holder()
    found = Status(
        emitted=emitted,
        stored=totals.get("stored", 0),
        quarantined=totals.get("quarantined", 0),
        pending=pending.total(),
        dropped={reason: count for reason, count in sorted(dropped.items()) if count},
        lag_seconds=max(0, now - oldest) / 1e6 if oldest else 0.0,
        data_until=from_microseconds(oldest or now),
        holder=None if who is None else f"{who.get('command', '?')} (pid {who.get('pid', '?')})",
        waiting=str((who or {}).get("waiting", "")),
        unreadable=unreadable,
        malformed=[str(path) for path in moved_aside()],
        hint="" if who or not pending else "python manage.py ingest",
        files=_files(),
        overhead=overhead.summed(last_words.values()),
        overflowed=overflowed,
    )
    if found.balanced:
        return found
    missing = gaps.ended() | gaps.living(here, last_words, totals)
    return replace(found, gaps=gaps.described(missing, last_words, totals))


@contextmanager
def _one_moment() -> Iterator[None]:
    """A read transaction: all counts of one commit, without waiting for who writes."""
    # Not `atomic`: that begins IMMEDIATE here, which takes the writer's lock.
    connection = connections[settings.DATABASE]
    connection.ensure_connection()
    if connection.in_atomic_block:
        yield
        return
    connection.connection.execute("BEGIN DEFERRED")
    try:
        yield
    finally:
        connection.connection.execute("ROLLBACK")


def _processes() -> tuple[set[str], dict[str, int], dict[str, tuple[int, int]]]:
    alias = settings.DATABASE
    ended = {
        str(writer)
        for writer in Process.objects.using(alias)
        .filter(ended__isnull=False)
        .values_list("writer", flat=True)
    }
    rows = (
        Segment.objects.using(alias)
        .filter(process__ended__isnull=True)
        .values_list("process__writer")
        .annotate(seen=Sum(F("stored") + F("quarantined")))
    )
    positions = {
        name: (position, next_seq)
        for name, position, next_seq in Segment.objects.using(alias)
        .filter(removed=False)
        .values_list("name", "position", "next_seq")
    }
    return ended, {str(writer): int(count) for writer, count in rows}, positions


def _pending(
    folder: Path, positions: dict[str, tuple[int, int]]
) -> tuple[Counter[str], int | None, list[str]]:
    """Unread records by writer, the time of the oldest one, and what cannot be read."""
    unreadable: list[str] = []
    counts: Counter[str] = Counter()
    oldest: int | None = None
    for path in reader.segments(folder):
        try:
            count, first = reader.count_pending(path, *positions.get(path.name, (0, 0)))
        except FileNotFoundError:
            continue
        except OSError as error:
            unreadable.append(f"{path}: {error.strerror}")
            continue
        counts[reader.writer(path)] += count
        moment = _time_of(first)
        if moment is not None:
            oldest = moment if oldest is None else min(oldest, moment)
    return counts, oldest, unreadable


def _time_of(payload: bytes | None) -> int | None:
    if payload is None:
        return None
    try:
        event = events.decode(payload)
    except (msgspec.MsgspecError, ValueError):
        return None
    if isinstance(event, events.UnitDone):
        return event.start + (event.duration or 0)
    return event.time


def _files() -> dict[str, int]:
    store = Path(str(connections[settings.DATABASE].settings_dict["NAME"]))
    return {
        "store": _size(store),
        "store_wal": _size(store.with_name(f"{store.name}-wal")),
        "journal": _folder_size(settings.journal_dir),
        "archive": _folder_size(settings.archive_dir),
    }


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _folder_size(path: Path) -> int:
    try:
        with os.scandir(path) as entries:
            return sum(entry.stat().st_size for entry in entries)
    except OSError:
        return 0
