"""What the state of delivery consists of, and the one thing to do about it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from telemetry.conf import settings
from telemetry.queries.gaps import Gap
from telemetry.queries.overhead import Overhead


@dataclass(frozen=True)
class Status:
    """Counts are records since the store was made; sizes bytes; `data_until` is in UTC."""

    emitted: int
    stored: int
    quarantined: int
    pending: int
    dropped: dict[str, int] = field(default_factory=dict)
    lag_seconds: float = 0.0
    data_until: datetime | None = None
    holder: str | None = None
    hint: str = ""
    files: dict[str, int] = field(default_factory=dict)
    # Where records are missing, as far as it is known of which process.
    gaps: list[Gap] = field(default_factory=list)
    # What ingest waits for; nothing when it works.
    waiting: str = ""
    # Files of the journal that cannot be read, each with the reason.
    unreadable: list[str] = field(default_factory=list)
    # Stores that were malformed and have been moved aside, the newest first.
    malformed: list[str] = field(default_factory=list)
    overhead: Overhead = field(default_factory=Overhead)
    # Metrics with more series than they may have, and the observations that are in none of them.
    overflowed: dict[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Records of which nobody knows where they are; below 0: more than were emitted."""
        return self.emitted - self.accounted

    @property
    def next_step(self) -> str:
        """The one thing to do now; nothing when all is well."""
        return next_step(self)

    @property
    def accounted(self) -> int:
        """Records of which it is known where they are or why they are not."""
        return self.stored + self.quarantined + self.pending + sum(self.dropped.values())

    @property
    def balanced(self) -> bool:
        """emitted = stored + quarantined + pending + Σ dropped"""
        return self.emitted == self.accounted

    def as_dict(self) -> dict[str, Any]:
        """The stable keys of `telemetry_status --json`."""
        return {
            "emitted": self.emitted,
            "stored": self.stored,
            "quarantined": self.quarantined,
            "pending": self.pending,
            "dropped": self.dropped,
            "balanced": self.balanced,
            "missing": self.missing,
            "gaps": [gap.as_dict() for gap in self.gaps],
            "lag_seconds": round(self.lag_seconds, 3),
            "data_until": self.data_until.isoformat() if self.data_until else None,
            "holder": self.holder,
            "waiting": self.waiting,
            "unreadable": self.unreadable,
            "malformed": self.malformed,
            "next_step": self.next_step,
            "overhead": self.overhead.as_dict(),
            "overflowed": self.overflowed,
            "files": self.files,
        }


def next_step(found: Status) -> str:
    """What to do first, in words; commands stand in them as they are typed."""
    if found.unreadable:
        return f"Give ingest's user access to {found.unreadable[0]}"
    if found.waiting:
        return f"Ingest waits for the store: {found.waiting}"
    files = [name for gap in found.gaps for name in gap.segments]
    if files:
        return (
            f"Put {files[0]} back into {settings.journal_dir}, if a copy of it is left: it is read "
            "from where it was. Else note the gap: its records are gone"
        )
    if not found.balanced:
        return "Run python manage.py telemetry_status again in a moment; see docs/operations.md"
    if found.hint:
        return f"To read what waits, run {found.hint}"
    if found.overhead.is_reduced:
        return (
            f"Telemetry costs {found.overhead.microseconds:.0f} µs a unit of work, so that less "
            'detail is kept: raise TELEMETRY["OVERHEAD_BUDGET"], or log and ask the database less'
        )
    if found.overflowed:
        return (
            f"{next(iter(found.overflowed))} has more series than "
            'TELEMETRY["METRIC_SERIES_MAX"]: give it fewer labels, or labels with fewer values'
        )
    if found.malformed:
        return (
            f"Look into {found.malformed[0]} with: sqlite3 FILE .recover, then delete it; its "
            "captured records were read again as far as archive and journal held them"
        )
    return ""
