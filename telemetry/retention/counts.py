"""How much is too old: exact counts by key range, deleting nothing."""
# Table names are constants.
# ruff: noqa: S608

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from telemetry.conf import settings
from telemetry.ingest import archive
from telemetry.models.fields import from_microseconds
from telemetry.retention import space, tables
from telemetry.retention.ages import CutOff, cut_offs


@dataclass(frozen=True)
class Expired:
    """`rows` records of `kind` are from before `before` (UTC)."""

    kind: str
    rows: int
    before: datetime


def expired(db: sqlite3.Connection) -> list[Expired]:
    """For each kind; empty when the store has no records. Raises sqlite3.Error."""
    return [
        Expired(kind, _count(db, cut), from_microseconds(cut.time))
        for kind, cut in cut_offs(db).items()
    ]


def excess(db: sqlite3.Connection) -> int:
    """Bytes of rows beyond STORE_MAX_BYTES."""
    limit = settings.STORE_MAX_BYTES
    return max(0, space.used(db) - limit) if limit else 0


def _count(db: sqlite3.Connection, cut: CutOff) -> int:
    if cut.kind in tables.KEYED:
        return _one(db, f"SELECT count(*) FROM {tables.KEYED[cut.kind]} WHERE id < ?", cut.key)
    if cut.kind in tables.RESOLUTIONS:
        return _one(
            db,
            "SELECT count(*) FROM telemetry_bucket WHERE resolution = ?"
            f" AND series_id IN ({tables.SERIES}) AND start < ?",
            tables.RESOLUTIONS[cut.kind],
            cut.second,
        )
    if cut.kind == "quarantine":
        return _one(db, "SELECT count(*) FROM telemetry_quarantine WHERE timestamp < ?", cut.time)
    kept = archive.writers()
    found = tables.ended_processes(db, cut.time, 0, -1)
    return sum(writer not in kept for _, writer in found)


def _one(db: sqlite3.Connection, sql: str, *values: int) -> int:
    return int(db.execute(sql, values).fetchone()[0])
