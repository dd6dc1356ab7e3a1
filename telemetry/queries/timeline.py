"""Everything that belongs to some units of work, merged in order of time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from telemetry.queries import errors, logs
from telemetry.queries.units import Unit

Kind = Literal["unit", "log", "sql", "error", "metric"]

MOST_LOGS = 1_000
MOST_ERRORS = 100
# What began together is told in this order: the unit, then what it did.
_ORDER: dict[Kind, int] = {"unit": 0, "sql": 1, "log": 2, "error": 3, "metric": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `offset` is microseconds since the first entry of all.

    `text` is what stands below the title: a stack. `weight` is how many records it stands for,
    where others like it were left out. `ref` is the row's own id (a log record's, an
    error group's), 0 for what has no row of its own.
    """

    at: datetime
    kind: Kind
    uid: str | None
    title: str
    offset: int = 0
    duration: int | None = None
    level: int | None = None
    source: str = ""
    text: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    weight: float | None = None
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Timeline:
    """Entries in order of time; `cut` names the kinds of which only the first ones are here."""

    entries: Sequence[Entry]
    cut: Sequence[str] = ()

    @property
    def length(self) -> int:
        """Microseconds from the first entry to the end of the last to end."""
        return max((entry.offset + (entry.duration or 0) for entry in self.entries), default=0)


def merge(units: Sequence[Unit], extra_uids: Sequence[str] = ()) -> Timeline:
    """What `units` did, and what units without a row yet (`extra_uids`) have left so far."""
    uids = [*(unit.uid for unit in units), *extra_uids]
    records = logs.of_units(uids, MOST_LOGS + 1)
    failures = errors.of_units(uids, MOST_ERRORS + 1)
    entries = [entry for unit in units for entry in _of_unit(unit)]
    entries += [_log(record) for record in records[:MOST_LOGS]]
    entries += [_error(failure) for failure in failures[:MOST_ERRORS]]
    entries.sort(key=lambda entry: (entry.at, _ORDER[entry.kind]))
    cut = ["log records"] if len(records) > MOST_LOGS else []
    cut += ["errors"] if len(failures) > MOST_ERRORS else []
    return Timeline(_with_offsets(entries), cut)


def _with_offsets(entries: list[Entry]) -> list[Entry]:
    if not entries:
        return []
    origin = entries[0].at
    return [
        replace(entry, offset=(entry.at - origin) // timedelta(microseconds=1)) for entry in entries
    ]


def _of_unit(unit: Unit) -> Iterator[Entry]:
    result = unit.status if unit.status is not None else unit.error_type or ""
    yield Entry(
        at=unit.at,
        kind="unit",
        uid=unit.uid,
        title=f"{unit.title} → {result}" if result else unit.title,
        duration=unit.duration,
        level=unit.level or None,
        source=unit.kind,
        attributes=unit.attributes,
        ref=unit.id,
    )
    for offset, duration, alias, statement in unit.spans or ():
        at = unit.at + timedelta(microseconds=offset)
        yield Entry(
            at=at, kind="sql", uid=unit.uid, title=statement, duration=duration, source=alias
        )
    # Samples have no time of their own: they count when their unit has ended.
    for _type, name, labels, value in unit.metrics:
        yield Entry(
            at=unit.ended or unit.at,
            kind="metric",
            uid=unit.uid,
            title=f"{name} {value:g}",
            attributes=labels,
        )


def _log(record: logs.LogRow) -> Entry:
    attributes = dict(record.attributes)
    if record.code:
        attributes.setdefault("code", record.code)
    return Entry(
        at=record.at,
        kind="log",
        uid=record.uid,
        title=record.message,
        level=record.level,
        source=record.logger,
        attributes=attributes,
        weight=record.weight,
        ref=record.id,
    )


def _error(failure: errors.OccurrenceRow) -> Entry:
    return Entry(
        at=failure.at,
        kind="error",
        uid=failure.uid,
        title=f"{failure.type}: {failure.message}" if failure.message else failure.type,
        source="caught and logged" if failure.handled else "not caught",
        text=failure.stack,
        ref=failure.error_id,
    )
