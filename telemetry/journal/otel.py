"""Events as JSON objects under OpenTelemetry's names: for log files, consoles and exports.

The shape is that of OpenTelemetry's log data model: timestamp, severity, body, trace, attributes,
and the resource that it came from.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from telemetry import display
from telemetry.journal import events

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ERROR = 40
# Python's level → OpenTelemetry's severity number.
_SEVERITIES = ((50, 21, "FATAL"), (40, 17, "ERROR"), (30, 13, "WARN"), (20, 9, "INFO"))
_KINDS = {1: "http.server.request", 2: "task", 3: "command"}

_encode = msgspec.json.Encoder().encode


def encode(found: dict[str, Any]) -> bytes:
    """One line of JSON, whatever reads it: what a terminal would act on is escaped."""
    return display.json_escaped(_encode(found))


def log_object(event: events.Event) -> tuple[int, dict[str, Any]] | None:
    """(Python level, object) of a log record, an error or an ended unit; None for the others."""
    if isinstance(event, events.LogMade):
        return event.level, _log(event)
    if isinstance(event, events.ErrorRaised):
        return _ERROR, _error(event)
    if isinstance(event, events.UnitDone):
        return (_ERROR if event.error_type else 20), _unit(event)
    return None


@lru_cache(maxsize=256)
def severity(level: int) -> tuple[int, str]:
    """OpenTelemetry's severity number and text of a Python level."""
    for least, number, text in _SEVERITIES:
        if level >= least:
            return number, text
    return 5, "DEBUG"


def timestamp(microseconds: int) -> str:
    """RFC 3339, UTC, with microseconds."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{_second(seconds)}.{rest:06d}Z"


@lru_cache(maxsize=1_024)
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def _base(time: int, level: int, body: str, uid: str | None, trace: str | None) -> dict[str, Any]:
    number, text = severity(level)
    found: dict[str, Any] = {
        "timestamp": timestamp(time),
        "severity_text": text,
        "severity_number": number,
        "body": body,
    }
    if uid is not None:
        found["trace_id"] = trace or uid
        found["span_id"] = uid[16:]
    return found


def _log(event: events.LogMade) -> dict[str, Any]:
    found = _base(event.time, event.level, event.message, event.uid, event.trace_id)
    attributes: dict[str, Any] = {"otel.scope.name": event.logger}
    if event.code:
        attributes |= _place(event.code)
    if event.route:
        attributes["http.route"] = event.route
    if event.template:
        attributes["log.record.template"] = event.template
    if event.weight is not None:
        attributes["sampling.weight"] = event.weight
    # What the record itself says stands before what was bound to its unit.
    found["attributes"] = attributes | event.bound | event.attributes
    return found


@lru_cache(maxsize=1_024)
def _place(code: str) -> dict[str, Any]:
    """The attributes of `file:line function`; not to be changed, they are every record's."""
    place, _, function = code.partition(" ")
    path, _, line = place.rpartition(":")
    return {
        "code.file.path": path,
        "code.line.number": int(line) if line.isdecimal() else line,
        "code.function.name": function,
    }


def _error(event: events.ErrorRaised) -> dict[str, Any]:
    found = _base(event.time, _ERROR, f"{event.type}: {event.message}", event.uid, event.trace_id)
    found["event_name"] = "exception"
    found["attributes"] = {
        "exception.type": event.type,
        "exception.message": event.message,
        "exception.stacktrace": event.stack,
        **({"http.route": event.route} if event.route else {}),
    }
    return found


def _repeated(found: events.Repeated | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "db.repeated.query.text": found.statement,
        "db.repeated.query_count": found.count,
        "db.repeated.time": found.time / 1e6,
        "db.repeated.code": found.code,
    }


def _unit(event: events.UnitDone) -> dict[str, Any]:
    what = f"{event.method} {event.path}" if event.method else event.route
    end = event.start + (event.duration or 0)
    level = _ERROR if event.error_type else 20
    body = f"{what} {event.status}" if event.status else what
    found = _base(end, level, body, event.uid, event.caller_trace_id)
    found["event_name"] = _KINDS.get(event.kind, "unit")
    named = {
        "http.request.method": event.method,
        "http.route": event.route if event.method else None,
        "code.function.name": None if event.method else event.route,
        "url.path": event.path,
        "http.response.status_code": event.status,
        "error.type": event.error_type,
        "user.id": event.user_id,
        "db.query_count": event.db_count,
        "db.time": event.db_time / 1e6,
        "duration": None if event.duration is None else event.duration / 1e6,
        "client.address": event.client_address,
        "user_agent.original": event.user_agent,
        "http.request.body.size": event.request_size,
        "http.response.body.size": event.response_size,
        "sampling.weight": event.weight,
        "telemetry.overhead": None if event.overhead is None else event.overhead / 1e6,
        **_repeated(event.repeated),
    }
    given = {name: value for name, value in named.items() if value is not None}
    found["attributes"] = given | event.attributes
    return found
