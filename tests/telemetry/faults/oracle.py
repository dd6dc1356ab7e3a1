"""Compares what was accepted with what is stored: every record once, none else, none changed."""

import gzip
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.telemetry.faults import payload
from tests.telemetry.faults.ledger import Ledger

_STORED = (
    "SELECT l.message, l.level FROM telemetry_log l JOIN telemetry_name n ON n.id = l.logger_id"
    " WHERE n.value = ?"
)


@dataclass
class Verdict:
    """The counts of one world. `problems` are sentences; none means that the contract held."""

    accepted: int = 0
    lost: int = 0
    duplicated: int = 0
    quarantined: int = 0
    dropped: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        self.accepted += other.accepted
        self.lost += other.lost
        self.duplicated += other.duplicated
        self.quarantined += other.quarantined
        self.dropped += other.dropped
        self.problems += other.problems


def judge(
    ledger: Ledger,
    store: Path,
    logs: Path,
    status: dict[str, Any],
    allowed: frozenset[str],
    killed: int = 0,
) -> Verdict:
    """The verdict on a world at rest.

    `allowed`: what this fault may do to records, of `quarantined` and `dropped`; then as many may
    be missing as were counted so. `killed`: how many processes were, each perhaps within a write,
    which the kernel cuts between two pages: so many torn lines, of records that nobody was told of,
    may be quarantined, and none that was accepted be missing for it.
    """
    accepted, emitted = ledger.accepted(), ledger.emitted()
    dropped = sum(status["dropped"].values())
    found = Verdict(accepted=len(accepted), quarantined=status["quarantined"], dropped=dropped)
    explained = found.dropped + (found.quarantined if "quarantined" in allowed else 0)
    with closing(sqlite3.connect(store)) as db:
        _check_place("store", _rows(db), accepted, emitted, explained, found)
        _check_units(db, explained, found)
    _check_place("log files", _lines(logs), accepted, emitted, explained, found)
    _check_status(status, allowed, found, killed)
    return found


def _check_place(
    place: str,
    records: Iterator[tuple[str, bool]],
    accepted: set[str],
    emitted: set[str],
    explained: int,
    found: Verdict,
) -> None:
    counts: Counter[str] = Counter()
    changed = []
    for key, whole in records:
        counts[key] += 1
        if not whole:
            changed.append(key)
    missing = accepted - counts.keys()
    lost = max(0, len(missing) - explained)
    twice = {key: count for key, count in counts.items() if count > 1}
    found.lost = max(found.lost, lost)
    found.duplicated = max(found.duplicated, sum(twice.values()) - len(twice))
    wrong = {
        "lost": sorted(missing) if lost else [],
        "duplicated": sorted(twice),
        "never emitted": sorted(counts.keys() - emitted),
        "changed": changed,
    }
    for what, keys in wrong.items():
        if keys:
            found.problems.append(f"{place}: {len(keys)} {what}: {', '.join(keys[:5])}")


def _check_units(db: sqlite3.Connection, explained: int, found: Verdict) -> None:
    """A unit of work has one row, also where its process died; so has the unit of each record."""
    twice = db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM telemetry_request GROUP BY uid HAVING count(*) > 1)"
    ).fetchone()[0]
    without = db.execute(
        "SELECT count(*) FROM telemetry_log WHERE uid IS NOT NULL"
        " AND uid NOT IN (SELECT uid FROM telemetry_request)"
    ).fetchone()[0]
    if twice:
        found.problems.append(f"store: {twice} units of work have more than one row")
    if without > explained:
        found.problems.append(f"store: {without} records of a unit of work that has no row")


def _check_status(
    status: dict[str, Any], allowed: frozenset[str], found: Verdict, killed: int
) -> None:
    if not status["balanced"]:
        found.problems.append(f"the equation does not hold: {status}")
    if status["pending"]:
        found.problems.append(f"{status['pending']} records were never ingested")
    for what in {"quarantined", "dropped"} - allowed:
        count = getattr(found, what)
        if count > (killed if what == "quarantined" else 0):
            found.problems.append(f"{count} {what}: {status}")


def _rows(db: sqlite3.Connection) -> Iterator[tuple[str, bool]]:
    for message, level in db.execute(_STORED, (payload.LOGGER,)):
        key = message.partition(" ")[0]
        expected = payload.derive(key)
        yield key, (message, level) == (expected.message, expected.level)


def _lines(logs: Path) -> Iterator[tuple[str, bool]]:
    for content in _contents(logs):
        for line in content.splitlines():
            found = json.loads(line)
            attributes = found["attributes"]
            if attributes.get("otel.scope.name") != payload.LOGGER:
                continue
            key = found["body"].partition(" ")[0]
            expected = payload.derive(key)
            given = {name: attributes.get(name) for name in expected.attributes}
            whole = found["body"] == expected.message and given == expected.attributes
            yield key, whole


def _contents(logs: Path) -> Iterator[bytes]:
    """app.jsonl and what it was before; a file and its compressed copy are one."""
    for path in sorted(logs.glob("app*.jsonl")):
        if not path.with_name(f"{path.name}.gz").exists():
            yield path.read_bytes()
    for path in sorted(logs.glob("app*.jsonl.gz")):
        yield gzip.decompress(path.read_bytes())
