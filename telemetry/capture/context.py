"""The unit of work that this thread or task is in, and the fields bound to it."""

from contextvars import ContextVar
from time import perf_counter_ns
from typing import Any

import msgspec

from telemetry.capture import clock, encoding, ids, values
from telemetry.journal import events
from telemetry.journal.board import Board

HTTP, TASK, COMMAND = 1, 2, 3
MAX_SAMPLES = 256
MAX_SPANS = 500
MAX_DEBUG = 500
# So many statements of one shape may be a repetition.
FEWEST = 5
_NOTHING = msgspec.Raw(b"{}")


class Unit:
    """What is collected while a request, a task or a command runs. Never shared across units."""

    # Slots, all of them filled: read faster than what a class or a dictionary holds.
    __slots__ = (
        "attributes",
        "board",
        "caller_request_id",
        "caller_span_id",
        "caller_trace_id",
        "callers",
        "client_address",
        "db_count",
        "db_ns",
        "debug",
        "ended",
        "error_type",
        "exceptions",
        "fields",
        "is_self",
        "is_unfinished",
        "kind",
        "level",
        "log_count",
        "method",
        "path",
        "queue_time",
        "raw_uid",
        "recording",
        "request",
        "request_size",
        "response_size",
        "route",
        "samples",
        "slot",
        "spans",
        "spent",
        "start",
        "start_ns",
        "uid",
        "user_agent",
        "usual_until",
    )  # fmt: skip

    def __init__(self, kind: int) -> None:
        self.kind = kind
        self.start, self.start_ns = start, _ = clock.read()
        self.raw_uid = uid = ids.new_uid(start)
        self.uid = uid.hex()
        # Whether a log record of it is being made.
        self.is_self = self.ended = self.recording = False
        self.method: str | None = None
        self.path: str | None = None
        self.route: str | None = None
        self.request: Any = None
        self.caller_trace_id: str | None = None
        self.caller_span_id: str | None = None
        self.caller_request_id: str | None = None
        self.client_address: str | None = None
        self.user_agent: str | None = None
        self.request_size: int | None = None
        self.response_size: int | None = None
        self.queue_time: int | None = None
        self.error_type: str | None = None
        self.level = self.log_count = self.db_count = self.db_ns = 0
        self.attributes: dict[str, Any] = {}
        # The attributes as a record holds them; None where they have changed since.
        self.fields: Any = _NOTHING
        self.samples: list[events.Sample] = []
        self.spans: list[tuple[int, int, str, str]] = []
        # Before this number nothing is to be done with a statement but to append its span; what the
        # governor decides meanwhile counts from there on. 0: each is looked at.
        self.usual_until = FEWEST
        self.debug: list[events.LogMade] | None = None
        self.exceptions: list[BaseException] | None = None
        # Shape → the line that ran it, of statements that were seen to repeat.
        self.callers: dict[str, str | None] | None = None
        self.board: Board | None = None
        self.slot = -1
        # A streamed response whose last part has not been asked for.
        self.is_unfinished = False
        # Nanoseconds that telemetry has spent in it; None where they are not measured.
        self.spent: int | None = None

    @property
    def trace_id(self) -> str:
        """The W3C trace id: the caller's where one came in, else our own."""
        return self.caller_trace_id or self.uid

    def now(self) -> int:
        """Microseconds since the epoch, by the monotonic clock since the start.

        A step of the wall clock cannot put a record outside its request.
        """
        return self.start + (perf_counter_ns() - self.start_ns) // 1000

    def where(self) -> str | None:
        """The route, as far as it is known yet."""
        if self.route is None and self.request is not None:
            try:
                match = self.request.resolver_match
            except AttributeError:
                return None
            if match is not None:
                self.route = match.route
        return self.route

    def bind(self, attributes: dict[str, Any]) -> None:
        """Set fields; those whose value is None are removed."""
        for name, value in attributes.items():
            if value is None:
                self.attributes.pop(name, None)
            else:
                self.attributes[name] = value
        self.fields = None

    def bound(self) -> Any:
        """The fields as a record holds them: bounded, redacted, encoded once for all records."""
        found = self.fields
        if found is None:
            found = self.fields = encoding.raw(values.clean_mapping(self.attributes))
        return found


current: ContextVar[Unit | None] = ContextVar("telemetry_unit", default=None)


def bind(**attributes: Any) -> None:
    """Add fields to everything later in this request, task or command.

    Names are dotted, so pass them as `bind(**{"transaction.id": "…"})`. A value of None removes the
    field. Outside a unit of work nothing happens.
    """
    unit = current.get()
    if unit is not None:
        unit.bind(attributes)


def current_trace_id() -> str | None:
    """The W3C trace id of this request, task or command; None outside of any."""
    unit = current.get()
    return None if unit is None else unit.trace_id
