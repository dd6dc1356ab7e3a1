"""The records of the journal: what capture writes and ingest reads.

Arrays on disk, tagged by their first element: half the bytes and twice the speed of objects.
Times are microseconds since the epoch, durations microseconds, ids lower-case hexadecimal. The
first 48 bits of a unit's uid are its start in milliseconds.
A field may be added at the end with a default; none may be removed or moved.
"""

from typing import Annotated, Any

import msgspec

# Later than the year 2040 is a broken record, not a time; keys have room for no more.
Time = Annotated[int, msgspec.Meta(ge=0, lt=1 << 51)]

# [type, name, labels, value]; type is "c", "g" or "h"
Sample = tuple[str, str, dict[str, str], float]

# (offset from the unit's start µs, duration µs, database alias, statement shape)
Span = tuple[int, int, str, str]


class Repeated(msgspec.Struct, array_like=True, gc=False):
    """A statement shape that one unit ran many times (N+1), and the line that first did."""

    statement: str
    count: int
    time: int
    code: str | None


class ProcessStarted(msgspec.Struct, array_like=True, tag_field="tag", tag="p", gc=False):
    """The first record of every segment: who writes it."""

    time: Time
    pid: int
    host: str
    role: str
    app_version: str


class UnitDone(msgspec.Struct, array_like=True, tag_field="tag", tag="r", gc=False):
    """A request, a task or a command has ended: its canonical record."""

    uid: str
    start: Time
    duration: int | None
    kind: int
    is_self: bool
    method: str | None
    route: str
    path: str | None
    status: int | None
    level: int
    user_id: str | None
    error_type: str | None
    db_count: int
    db_time: int
    log_count: int
    caller_trace_id: str | None
    caller_span_id: str | None
    caller_request_id: str | None
    attributes: dict[str, Any]
    metrics: list[Sample]
    spans: list[Span] | None
    client_address: str | None = None
    user_agent: str | None = None
    # Bytes of the bodies.
    request_size: int | None = None
    response_size: int | None = None
    # How many units this one's detail (spans, DEBUG records) stands for; None where none is kept.
    weight: float | None = None
    repeated: Repeated | None = None
    # Microseconds that telemetry itself spent in it; measured for some.
    overhead: int | None = None
    # Microseconds that it waited for a worker, by the proxy's X-Request-Start.
    queue_time: int | None = None


class LogMade(msgspec.Struct, array_like=True, tag_field="tag", tag="l", gc=False):
    """One log record. `template` is None when the message had no arguments.

    `attributes` are the record's own (`extra`), `bound` those of its unit at that moment.
    """

    uid: str | None
    time: Time
    level: int
    logger: str
    route: str | None
    message: str
    template: str | None
    code: str | None
    attributes: dict[str, Any]
    # The caller's, where the unit has one: else its uid is its trace id.
    trace_id: str | None = None
    bound: dict[str, Any] = {}
    # How many records this one stands for, where others like it were left out; None: itself.
    weight: float | None = None


class ErrorRaised(msgspec.Struct, array_like=True, tag_field="tag", tag="e", gc=False):
    """An exception, with its stack as text and the place that raised it."""

    uid: str | None
    time: Time
    handled: bool
    type: str
    message: str
    culprit: str
    route: str | None
    stack: str
    trace_id: str | None = None


class SamplesMade(msgspec.Struct, array_like=True, tag_field="tag", tag="m", gc=False):
    """Metric samples made outside a unit of work, or too many for its record."""

    uid: str | None
    time: Time
    samples: list[Sample]


class MetricDeclared(msgspec.Struct, array_like=True, tag_field="tag", tag="d", gc=False):
    """What a metric is called, counts and means; written at its first use in a process."""

    time: Time
    type: str
    name: str
    unit: str
    help: str


Event = ProcessStarted | UnitDone | LogMade | ErrorRaised | SamplesMade | MetricDeclared

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)

encode = _encoder.encode
decode = _decoder.decode
