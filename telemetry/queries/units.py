"""Whole units of work, with everything that their rows hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from telemetry.models import Process, Request
from telemetry.queries import names
from telemetry.queries.requests import COLUMNS, RequestRow, facts
from telemetry.queries.store import rows

_DETAILS = ("attributes", "metrics", "spans", "caller_span_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRow:
    """A process that wrote to the journal."""

    id: int
    pid: int
    host: str
    role: str
    app_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit(RequestRow):
    """One unit of work with its details.

    `metrics` are `[type, name, labels, value]`; `spans` are `[offset µs, duration µs, database,
    statement]`, None when only their count was kept.
    """

    process: ProcessRow | None
    attributes: Mapping[str, Any]
    metrics: Sequence[Sequence[Any]]
    spans: Sequence[Sequence[Any]] | None
    caller_span_id: str | None

    @property
    def ended(self) -> datetime | None:
        """When it ended; None when its end was never seen."""
        return None if self.duration is None else self.at + timedelta(microseconds=self.duration)


def read(found: QuerySet[Request], limit: int) -> list[Unit]:
    """The units of `found` in order of time, at most `limit`."""
    listed = list(found.order_by("id").values(*COLUMNS, *_DETAILS)[:limit])
    known = names.texts(
        number for row in listed for number in (row["route_id"], row["error_type_id"])
    )
    processes = _processes({row["process_id"] for row in listed if row["process_id"]})
    return [
        Unit(
            **facts(row, known),
            process=processes.get(row["process_id"]),
            attributes=row["attributes"] or {},
            metrics=row["metrics"] or (),
            spans=row["spans"],
            caller_span_id=row["caller_span_id"],
        )
        for row in listed
    ]


def _processes(numbers: set[int]) -> dict[int, ProcessRow]:
    columns = ProcessRow.__dataclass_fields__
    found = rows(Process).filter(id__in=numbers).values(*columns) if numbers else ()
    return {row["id"]: ProcessRow(**row) for row in found}
