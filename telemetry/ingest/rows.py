"""Events → rows: one batch's worth, ready for `executemany`."""

import hashlib
import re
import sqlite3
from dataclasses import dataclass, field
from typing import Any

import msgspec

from telemetry.ingest.names import Names
from telemetry.ingest.rollup import Rollup
from telemetry.journal import events

HTTP = 1
_KEY_BITS = 12
_KEY_MASK = (1 << _KEY_BITS) - 1
_LINE_NUMBER = re.compile(r":\d+ ")

INSERTS = {
    "requests": (
        "INSERT INTO telemetry_request (id, uid, caller_trace_id, caller_span_id,"
        " caller_request_id, process_id, kind, is_self, method, route_id, path, status, duration,"
        " level, outcome, transaction_id, load_run_id, user_id, error_type_id, db_count, db_time,"
        " log_count, attributes, metrics, spans)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    ),
    "logs": (
        "INSERT INTO telemetry_log (id, uid, process_id, level, logger_id, route_id, template_id,"
        " message, code, attributes) VALUES (?,?,?,?,?,?,?,?,?,?)"
    ),
    "occurrences": (
        "INSERT INTO telemetry_occurrence (id, error_id, uid, process_id, handled, message, stack)"
        " VALUES (?,?,?,?,?,?,?)"
    ),
    "samples": "INSERT INTO telemetry_sample (id, series_id, value) VALUES (?,?,?)",
}
_UPSERT_ERROR = (
    "INSERT INTO telemetry_error"
    " (fingerprint, type, message, culprit, route_id, first_seen, last_seen, count)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 1)"
    " ON CONFLICT (fingerprint) DO UPDATE SET count = count + 1, message = excluded.message,"
    " culprit = excluded.culprit, route_id = excluded.route_id,"
    " first_seen = min(first_seen, excluded.first_seen),"
    " last_seen = max(last_seen, excluded.last_seen)"
    " RETURNING id"
)
_UPSERT_LOAD_RUN = (
    "INSERT INTO telemetry_loadrun (id, first_seen, last_seen, requests, errors)"
    " VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " first_seen = min(coalesce(first_seen, excluded.first_seen), excluded.first_seen),"
    " last_seen = max(coalesce(last_seen, excluded.last_seen), excluded.last_seen),"
    " requests = requests + excluded.requests, errors = errors + excluded.errors"
)


class Keys:
    """Row keys in order of time: `microseconds << 12 | n`, where n tells equal times apart."""

    def __init__(self, first: int = 0) -> None:
        self._n = first
        # Microseconds that a row is moved by, when its own are full (a clock that stands still).
        self.shift = 0

    def __call__(self, time: int) -> int:
        self._n = (self._n + 1) & _KEY_MASK
        return time + self.shift << _KEY_BITS | self._n


@dataclass
class Rows:
    """What one batch adds to the store. Filled inside the batch's transaction."""

    db: sqlite3.Connection
    names: Names
    keys: Keys
    rollup: Rollup = field(default_factory=Rollup)
    # run → [first start, newest start, requests, errors]
    load_runs: dict[str, list[int]] = field(default_factory=dict)
    tables: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {name: [] for name in INSERTS}
    )

    def add(self, event: events.Event, process: int) -> None:
        """Turn one event into rows and sums."""
        match event:
            case events.LogMade():
                self._log(event, process)
            case events.UnitDone():
                self._unit(event, process)
            case events.ErrorRaised():
                self._error(event, process)
            case events.SamplesMade():
                self._samples(event)
            case events.MetricDeclared():
                self.names.declare(self.db, event.name, event.type, event.unit, event.help)
            case events.ProcessStarted():
                self._process(event, process)

    def write(self) -> None:
        """Insert the rows and add the sums."""
        for name, rows in self.tables.items():
            if rows:
                self.db.executemany(INSERTS[name], rows)
        self.db.executemany(
            _UPSERT_LOAD_RUN, ((run, *values) for run, values in self.load_runs.items())
        )
        self.rollup.write(self.db)

    def _name(self, value: str | None) -> int | None:
        return None if value is None else self.names.name(self.db, value)

    def _log(self, event: events.LogMade, process: int) -> None:
        self.tables["logs"].append(
            (
                self.keys(event.time),
                _blob(event.uid),
                process,
                event.level,
                self._name(event.logger),
                self._name(event.route),
                self._name(event.template),
                event.message,
                event.code,
                _json(event.attributes),
            )
        )

    def _unit(self, event: events.UnitDone, process: int) -> None:
        attributes = event.attributes
        load_run = _text(attributes.get("load.run_id"))
        self.tables["requests"].append(
            (
                self.keys(event.start),
                _blob(event.uid),
                _blob(event.caller_trace_id),
                _blob(event.caller_span_id),
                event.caller_request_id,
                process,
                event.kind,
                event.is_self,
                event.method,
                self._name(event.route),
                event.path,
                event.status,
                event.duration,
                event.level,
                _text(attributes.get("payment.outcome")),
                _text(attributes.get("transaction.id")),
                load_run,
                event.user_id,
                self._name(event.error_type),
                event.db_count,
                event.db_time,
                event.log_count,
                _json(attributes),
                _json(event.metrics),
                _json(event.spans),
            )
        )
        if load_run is not None:
            self._load_run(load_run, event)
        for kind, name, labels, value in event.metrics:
            self._observe(kind, name, labels, event.start + (event.duration or 0), value)
        if event.kind == HTTP and not event.is_self:
            self._http_metrics(event)

    def _load_run(self, run: str, event: events.UnitDone) -> None:
        found = self.load_runs.setdefault(run, [event.start, event.start, 0, 0])
        found[0] = min(found[0], event.start)
        found[1] = max(found[1], event.start)
        found[2] += 1
        found[3] += (event.status or 0) >= 500

    def _http_metrics(self, event: events.UnitDone) -> None:
        method = event.method or ""
        end = event.start + (event.duration or 0)
        status = str(event.status or 0)
        self._observe(
            "c",
            "http_server_requests_total",
            {"method": method, "route": event.route, "status": status},
            end,
            1,
        )
        self._observe(
            "h",
            "http_server_request_duration_seconds",
            {"method": method, "route": event.route, "status_class": f"{status[0]}xx"},
            end,
            (event.duration or 0) / 1_000_000,
        )

    def _observe(
        self, kind: str, name: str, labels: dict[str, str], time: int, value: float
    ) -> int:
        series = self.names.series(self.db, kind, name, labels)
        self.rollup.add(series, time, value, distribution=kind == "h")
        return series

    def _samples(self, event: events.SamplesMade) -> None:
        for kind, name, labels, value in event.samples:
            series = self._observe(kind, name, labels, event.time, value)
            self.tables["samples"].append((self.keys(event.time), series, value))

    def _error(self, event: events.ErrorRaised, process: int) -> None:
        (error,) = self.db.execute(
            _UPSERT_ERROR,
            (
                fingerprint(event),
                event.type,
                event.message,
                event.culprit,
                self._name(event.route),
                event.time,
                event.time,
            ),
        ).fetchone()
        self.tables["occurrences"].append(
            (
                self.keys(event.time),
                error,
                _blob(event.uid),
                process,
                event.handled,
                event.message,
                event.stack,
            )
        )

    def _process(self, event: events.ProcessStarted, process: int) -> None:
        self.db.execute(
            "UPDATE telemetry_process SET pid = ?, host = ?, role = ?, app_version = ?,"
            " started = coalesce(started, ?) WHERE id = ?",
            (event.pid, event.host, event.role, event.app_version, event.time, process),
        )


def fingerprint(event: events.ErrorRaised) -> bytes:
    """What tells faults apart: the exception's type and the place, line numbers aside."""
    # A line moves with every release; without a place the message has to do.
    place = _LINE_NUMBER.sub(" ", event.culprit) or event.message
    return hashlib.sha256(f"{event.type}\n{place}".encode()).digest()[:16]


def _blob(value: str | None) -> bytes | None:
    return None if value is None else bytes.fromhex(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _json(value: Any) -> str | None:
    return msgspec.json.encode(value).decode() if value else None
