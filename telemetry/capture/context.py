"""The unit of work that this thread or task is in, and the fields bound to it."""

import time
from contextvars import ContextVar
from typing import Any

from telemetry.capture import ids
from telemetry.journal import events
from telemetry.journal.board import Board

HTTP, TASK, COMMAND = 1, 2, 3
MAX_SAMPLES = 256
MAX_SPANS = 500
MAX_DEBUG = 500


class Unit:
    """What is collected while a request, a task or a command runs. Never shared across units."""

    __slots__ = (
        "attributes",
        "board",
        "caller_request_id",
        "caller_span_id",
        "caller_trace_id",
        "db_count",
        "db_time",
        "debug",
        "ended",
        "error_type",
        "exceptions",
        "is_self",
        "kind",
        "level",
        "log_count",
        "method",
        "path",
        "request",
        "route",
        "samples",
        "slot",
        "spans",
        "start",
        "start_ns",
        "uid",
    )

    def __init__(self, kind: int) -> None:
        self.kind = kind
        self.uid = ids.new_uid()
        self.start = time.time_ns() // 1000
        self.start_ns = time.perf_counter_ns()
        self.caller_trace_id: str | None = None
        self.caller_span_id: str | None = None
        self.caller_request_id: str | None = None
        self.is_self = False
        self.method: str | None = None
        self.path: str | None = None
        self.route: str | None = None
        self.request: Any = None
        self.attributes: dict[str, Any] = {}
        self.samples: list[events.Sample] = []
        self.spans: list[tuple[int, int, str, str]] = []
        self.debug: list[events.LogMade] = []
        self.exceptions: list[BaseException] = []
        self.error_type: str | None = None
        self.level = 0
        self.log_count = 0
        self.db_count = 0
        self.db_time = 0
        self.board: Board | None = None
        self.slot = -1
        self.ended = False

    @property
    def trace_id(self) -> str:
        """The W3C trace id: the caller's where one came in, else our own."""
        return self.caller_trace_id or self.uid

    def now(self) -> int:
        """Microseconds since the epoch, by the monotonic clock since the start.

        A step of the wall clock cannot put a record outside its request.
        """
        return self.start + (time.perf_counter_ns() - self.start_ns) // 1000

    def where(self) -> str | None:
        """The route, as far as it is known yet."""
        if self.route is None and self.request is not None:
            match = getattr(self.request, "resolver_match", None)
            if match is not None:
                self.route = match.route
        return self.route


current: ContextVar[Unit | None] = ContextVar("telemetry_unit", default=None)


def bind(**attributes: Any) -> None:
    """Add fields to everything later in this request, task or command.

    Names are dotted, so pass them as `bind(**{"transaction.id": "…"})`. A value of None removes the
    field. Outside a unit of work nothing happens.
    """
    unit = current.get()
    if unit is None:
        return
    for name, value in attributes.items():
        if value is None:
            unit.attributes.pop(name, None)
        else:
            unit.attributes[name] = value


def current_trace_id() -> str | None:
    """The W3C trace id of this request, task or command; None outside of any."""
    unit = current.get()
    return None if unit is None else unit.trace_id
