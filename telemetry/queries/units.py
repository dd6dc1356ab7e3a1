"""Whole units of work, with everything that their rows hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from telemetry.models import Process, Request
from telemetry.queries import ids, names, requests, samples
from telemetry.queries.requests import COLUMNS, RequestRow, facts
from telemetry.queries.samples import Sample
from telemetry.queries.store import rows

# What OpenTelemetry calls the columns that are attributes.
_ATTRIBUTES = {
    "client_address": "client.address",
    "request_size": "http.request.body.size",
    "response_size": "http.response.body.size",
    "outcome": "payment.outcome",
    "transaction_id": "transaction.id",
    "load_run_id": "load.run_id",
}
_DETAILS = (
    *("attributes", "metrics", "spans", "caller_span_id", "user_agent_id", "overhead"),
    "queue_time",
    *("client_address", "request_size", "response_size", "load_run_id"),
)


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

    `spans` are `[offset µs, duration µs, database, statement]`, None when only their count was
    kept. `overhead` is the time that telemetry itself spent in it, where that was measured,
    `queue_time` how long it waited for a worker, where the proxy told; both in microseconds.
    """

    process: ProcessRow | None
    attributes: Mapping[str, Any]
    metrics: Sequence[Sample]
    spans: Sequence[Sequence[Any]] | None
    caller_span_id: str | None
    overhead: int | None
    queue_time: int | None

    @property
    def ended(self) -> datetime | None:
        """When it ended; None when its end was never seen."""
        return None if self.duration is None else self.at + timedelta(microseconds=self.duration)


def one(uid: str) -> Unit | None:
    """The unit with this id, however it is spelt; None when there is none."""
    digits = ids.hexadecimal(uid)
    found = [] if digits is None else read(requests.by_uids([digits]), 1)
    return found[0] if found else None


def read(found: QuerySet[Request], limit: int) -> list[Unit]:
    """The units of `found` in order of time, at most `limit`."""
    listed = list(found.order_by("id").values(*COLUMNS, *_DETAILS)[:limit])
    known = names.texts(number for row in listed for number in _numbers(row))
    processes = _processes({row["process_id"] for row in listed if row["process_id"]})
    series = samples.series_of(row["metrics"] for row in listed)
    return [
        Unit(
            **facts(row, known),
            process=processes.get(row["process_id"]),
            attributes=_attributes(row, known),
            metrics=samples.resolve(row["metrics"], series),
            spans=_spans(row["spans"], known),
            caller_span_id=row["caller_span_id"],
            overhead=row["overhead"],
            queue_time=row["queue_time"],
        )
        for row in listed
    ]


def _numbers(row: dict[str, Any]) -> list[Any]:
    spans = [part for span in row["spans"] or () for part in span[2:]]
    return [*requests.numbers(row), row["user_agent_id"], *spans]


def _attributes(row: dict[str, Any], known: dict[int | None, str]) -> dict[str, Any]:
    named = {name: row[column] for column, name in _ATTRIBUTES.items()}
    named["user_agent.original"] = known.get(row["user_agent_id"])
    given = {name: value for name, value in named.items() if value is not None}
    return {**given, **(row["attributes"] or {})}


def _spans(stored: Any, known: dict[int | None, str]) -> Sequence[Sequence[Any]] | None:
    if stored is None:
        return None
    return [
        [offset, duration, names.resolve(alias, known), names.resolve(statement, known)]
        for offset, duration, alias, statement in stored
    ]


def _processes(numbers: set[int]) -> dict[int, ProcessRow]:
    columns = ProcessRow.__dataclass_fields__
    found = rows(Process).filter(id__in=numbers).values(*columns) if numbers else ()
    return {row["id"]: ProcessRow(**row) for row in found}
