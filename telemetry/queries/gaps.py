"""Which process's records are missing, where the delivery equation does not hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import connections

from telemetry.conf import settings
from telemetry.journal import reader
from telemetry.journal.board import Snapshot

_ENDED = """
SELECT * FROM (
    SELECT lower(hex(p.writer)), p.emitted
        - coalesce((SELECT sum(value) FROM json_each(p.dropped)), 0)
        - coalesce((SELECT sum(stored + quarantined) FROM telemetry_segment s
                    WHERE s.process_id = p.id), 0)
        - coalesce((SELECT value FROM telemetry_total t
                    WHERE t.name = 'replaced:' || lower(hex(p.writer))), 0) AS missing
    FROM telemetry_process p WHERE p.ended IS NOT NULL
) WHERE missing > 0
"""
_VANISHED = "vanished:"
_REPLACED = "replaced:"


@dataclass(frozen=True, slots=True)
class Gap:
    """`records` of a process that are nowhere; `segments` are the files of its that are not there
    and were not read to their end."""

    writer: str
    pid: int
    role: str
    records: int
    segments: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Stable keys for `telemetry_status --json`."""
        return asdict(self)

    def __str__(self) -> str:
        who = f"{self.role or 'process'} (pid {self.pid})"
        files = f": {', '.join(self.segments)} not in the journal" if self.segments else ""
        return f"{who} lacks {self.records:,} records{files}"


def ended() -> dict[str, int]:
    """Missing records of processes that have ended, by writer. Raises DatabaseError."""
    with connections[settings.DATABASE].cursor() as cursor:
        cursor.execute(_ENDED)
        return {str(writer): int(missing) for writer, missing in cursor.fetchall()}


def living(
    here: Mapping[str, int], boards: Mapping[str, Snapshot | None], totals: Mapping[str, int]
) -> dict[str, int]:
    """Missing records of processes that have not; `here`: those that were read or wait, by writer.

    `totals` are those of the store, which know what went with a store before this one.
    """
    found = {}
    for writer, last in boards.items():
        if last is not None and writer in here:
            missing = last.accepted - here[writer] - totals.get(f"{_REPLACED}{writer}", 0)
            if missing > 0:
                found[writer] = missing
    return found


def described(
    missing: Mapping[str, int], boards: Mapping[str, Snapshot | None], totals: Mapping[str, int]
) -> list[Gap]:
    """The gaps, the largest first. Raises DatabaseError."""
    gaps = []
    with connections[settings.DATABASE].cursor() as cursor:
        for writer, records in missing.items():
            cursor.execute(
                "SELECT id, pid, role FROM telemetry_process WHERE writer = %s",
                [bytes.fromhex(writer)],
            )
            process, pid, role = cursor.fetchone() or (0, 0, "")
            last = boards.get(writer)
            cursor.execute("SELECT name FROM telemetry_segment WHERE process_id = %s", [process])
            known = {str(name) for (name,) in cursor.fetchall()}
            segments = _absent(writer, known, totals)
            gaps.append(Gap(writer, pid or (last.pid if last else 0), role, records, segments))
    return sorted(gaps, key=lambda gap: (-gap.records, gap.writer))


def _absent(writer: str, known: set[str], totals: Mapping[str, int]) -> list[str]:
    """Segments that vanished, and those whose numbers are left out among the others."""
    folder: Path = settings.journal_dir
    here = {path.name for path in reader.segments(folder) if reader.writer(path) == writer}
    numbers = {_number(name) for name in known | here}
    left_out = set(range(max(numbers, default=-1) + 1)) - numbers
    vanished = {
        name.removeprefix(_VANISHED) for name in totals if name.startswith(f"{_VANISHED}{writer}")
    }
    return sorted((vanished - here) | {f"{writer}-{number:06d}.seg" for number in left_out})


def _number(name: str) -> int:
    return int(Path(name).stem.partition("-")[2] or 0)
