"""Begin and end a unit of work: what requests, tasks and commands share."""

from contextvars import Token
from time import perf_counter_ns
from typing import Any

from telemetry.capture import context, faults, ids, sink, statements, tail, values
from telemetry.capture.context import Unit
from telemetry.capture.governor import EVERY, LAST, governor
from telemetry.capture.late import LATE
from telemetry.journal import events

UNMATCHED = "(unmatched)"
_DEBUG = 10


def begin(unit: Unit, traceparent: str = "") -> Token[Unit | None]:
    """Make `unit` the current one. When that fails the work goes on unobserved."""
    try:
        if next(governor.turn) % EVERY == LAST:
            unit.spent = unit.usual_until = 0
        if governor.step:
            unit.usual_until = 0
        if traceparent:
            parsed = ids.parse_traceparent(traceparent)
            if parsed is not None:
                unit.caller_trace_id, unit.caller_span_id = parsed
        board = unit.board = (sink.chosen or sink.current()).board
        unit.slot = board.enter(
            unit.kind,
            unit.raw_uid,
            unit.start,
            unit.method or "",
            unit.path or unit.route or "",
        )
        if unit.spent is not None:
            unit.spent = perf_counter_ns() - unit.start_ns
    except Exception:
        faults.report("beginning a unit of work")
    outer = context.current.get()
    # What it logs is a record that is made while another is: those are counted by thread.
    unit.recording = outer is not None and outer.recording
    return context.current.set(unit)


def end(unit: Unit, status: int | None = None) -> None:
    """Write the canonical record of `unit`. Does nothing the second time."""
    if unit.ended:
        return
    unit.ended = True
    began = perf_counter_ns()
    # In one step, without a call in which Python could turn to another thread: what one of this
    # unit's adds before it is in the record, what it adds after it is a record of its own.
    samples, unit.samples = unit.samples, LATE
    try:
        _write(unit, status, began, samples)
    except Exception:
        sink.lost("ending a unit of work")
    try:
        board = unit.board
        if board is not None:
            board.leave(unit.slot)
        if unit.spent is not None:
            governor.note(unit.spent + perf_counter_ns() - began, board)
    except ValueError:
        # Of a process that was forked in the middle: the board is the parent's, and closed here.
        unit.board = None
    except Exception:
        faults.report("leaving the board")


def _write(unit: Unit, status: int | None, began: int, samples: list[events.Sample]) -> None:
    destination = sink.chosen or sink.current()
    duration = (began - unit.start_ns) // 1000
    route = unit.route or unit.where() or UNMATCHED
    error_type = unit.error_type
    if error_type is None and status is not None and status >= 500:
        error_type = str(status)
    weight = tail.weight(route, duration, failed=error_type is not None)
    if weight is not None and unit.debug:
        _write_debug(unit.debug, weight, destination)
    if unit.attributes:
        _check_transaction_id(unit)
    request, db_count = unit.request, unit.db_count
    destination.emit(
        events.UnitDone(
            unit.uid,
            unit.start,
            duration,
            unit.kind,
            unit.is_self,
            unit.method,
            route,
            unit.path,
            status,
            unit.level,
            None if request is None or "user" not in request.__dict__ else _user_id(request),
            error_type,
            db_count,
            unit.db_ns // 1000,
            unit.log_count,
            unit.caller_trace_id,
            unit.caller_span_id,
            unit.caller_request_id,
            unit.fields or unit.bound(),
            samples,
            None if weight is None else statements.spans(unit),
            unit.client_address,
            unit.user_agent,
            unit.request_size,
            unit.response_size,
            weight,
            None if db_count < context.FEWEST else statements.repeated(unit, duration),
            None if unit.spent is None else (unit.spent + perf_counter_ns() - began) // 1000,
            unit.queue_time,
        )
    )


def _check_transaction_id(unit: Unit) -> None:
    found = unit.attributes.get("transaction.id")
    if found is not None and type(found) is not str:
        unit.bind({"transaction.id": values.describe(found)})


def _write_debug(records: list[events.LogMade], weight: float, destination: sink.Sink) -> None:
    for record in records:
        if not destination.admit(_DEBUG):
            continue
        if weight != 1:
            record.weight = weight
        destination.emit(record)


def _user_id(request: Any) -> str | None:
    # Only where the application has looked already: asking could run a query of our own.
    user = request.__dict__.get("user")
    if user is None:
        return None
    wrapped = getattr(user, "_wrapped", user)
    key = getattr(wrapped, "pk", None)
    if key is None or type(key) is int:
        return None if key is None else str(key)
    return values.text(values.describe(key), 200)
