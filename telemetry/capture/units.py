"""Begin and end a unit of work: what requests, tasks and commands share."""

import random
import re
from contextvars import Token
from typing import Any

from telemetry.capture import context, faults, ids, redact, sink, values
from telemetry.capture.context import Unit
from telemetry.conf import settings
from telemetry.journal import events

UNMATCHED = "(unmatched)"
# Statements carry placeholders, but hand-written SQL may hold values: they are never kept. A text
# may be cut at the limit.
_LITERAL = re.compile(
    r"'(?:[^']|'')*(?:'|\Z)|\$(\w*)\$.*?(?:\$\1\$|\Z)|(?<![\w$?:])\d[\w.]*", re.DOTALL
)
_STATEMENT_LIMIT = 2_000


def begin(unit: Unit, traceparent: str = "") -> Token[Unit | None]:
    """Make `unit` the current one. When that fails the work goes on unobserved."""
    try:
        if traceparent:
            parsed = ids.parse_traceparent(traceparent)
            if parsed is not None:
                unit.caller_trace_id, unit.caller_span_id = parsed
        unit.board = sink.current().board
        unit.slot = unit.board.enter(
            unit.kind,
            bytes.fromhex(unit.uid),
            unit.start,
            unit.method or "",
            redact.text(unit.path or unit.route or ""),
        )
    except Exception:
        faults.report("beginning a unit of work")
    return context.current.set(unit)


def end(unit: Unit, status: int | None = None) -> None:
    """Write the canonical record of `unit`. Does nothing the second time."""
    if unit.ended:
        return
    unit.ended = True
    try:
        _write(unit, status)
    except Exception:
        sink.lost("ending a unit of work")
    finally:
        _leave(unit)


def _leave(unit: Unit) -> None:
    try:
        if unit.board is not None:
            unit.board.leave(unit.slot)
    except ValueError:
        # Of a process that was forked in the middle: the board is the parent's, and closed here.
        unit.board = None
    except Exception:
        faults.report("leaving the board")


def _write(unit: Unit, status: int | None) -> None:
    destination = sink.current()
    duration = unit.now() - unit.start
    detailed = _keeps_detail(unit, status, duration)
    if detailed:
        for record in unit.debug:
            destination.emit(record)
    attributes = unit.attributes
    transaction_id = attributes.get("transaction.id")
    if transaction_id is not None and type(transaction_id) is not str:
        attributes["transaction.id"] = values.describe(transaction_id)
    destination.emit(
        events.UnitDone(
            uid=unit.uid,
            start=unit.start,
            duration=duration,
            kind=unit.kind,
            is_self=unit.is_self,
            method=unit.method,
            route=unit.where() or UNMATCHED,
            path=None if unit.path is None else values.text(unit.path, 1_000),
            status=status,
            level=unit.level,
            user_id=_user_id(unit.request),
            error_type=unit.error_type or (str(status) if status and status >= 500 else None),
            db_count=unit.db_count,
            db_time=unit.db_time,
            log_count=unit.log_count,
            caller_trace_id=unit.caller_trace_id,
            caller_span_id=unit.caller_span_id,
            caller_request_id=unit.caller_request_id,
            attributes=values.clean_mapping(attributes),
            metrics=unit.samples,
            spans=_spans(unit) if detailed else None,
        )
    )


def _keeps_detail(unit: Unit, status: int | None, duration: int) -> bool:
    if unit.error_type is not None or (status is not None and status >= 500):
        return True
    slow: float = settings.SLOW_SECONDS * 1_000_000
    sample: float = settings.DETAIL_SAMPLE
    return duration >= slow or random.random() < sample  # noqa: S311 - sampling


def _spans(unit: Unit) -> list[tuple[int, int, str, str]]:
    return [
        ((began - unit.start_ns) // 1000, spent // 1000, alias, statement(sql))
        for began, spent, alias, sql in unit.spans
    ]


def statement(sql: Any) -> str:
    """The shape of an SQL statement: its literals replaced by `?`."""
    if not isinstance(sql, str):
        # A driver's own object, whose text may hold the values.
        return f"<{type(sql).__qualname__}>"
    return _LITERAL.sub("?", sql[:_STATEMENT_LIMIT])


def _user_id(request: Any) -> str | None:
    # Only where the application has looked already: asking could run a query of our own.
    user = None if request is None else request.__dict__.get("user")
    wrapped = getattr(user, "_wrapped", user)
    key = getattr(wrapped, "pk", None)
    return None if key is None else values.describe(key)
