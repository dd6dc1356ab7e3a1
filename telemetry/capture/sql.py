"""Counts and times every SQL statement, on every alias and thread."""

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from telemetry.capture import context, faults, statements
from telemetry.capture.context import FEWEST, MAX_SPANS, Unit
from telemetry.capture.governor import FULL, governor
from telemetry.conf import settings

_current = context.current.get


def on_connection_created(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Receiver of `connection_created`: watch the new connection, unless it is telemetry's own."""
    if connection.alias != settings.DATABASE and observe not in connection.execute_wrappers:
        # First: a connection may open inside `with execute_wrapper(...)`, which ends by popping the
        # last one.
        connection.execute_wrappers.insert(0, observe)


def observe(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, execution: dict[str, Any]
) -> Any:
    """A Django database execute wrapper; parameters are never looked at."""
    unit = _current()
    if unit is None:
        return execute(sql, params, many, execution)
    began = perf_counter_ns()
    try:
        return execute(sql, params, many, execution)
    finally:
        ended = perf_counter_ns()
        unit.db_count = number = unit.db_count + 1
        unit.db_ns += ended - began
        span = began, ended - began, execution["connection"].alias, sql
        if number < unit.usual_until:
            unit.spans.append(span)
        else:
            _note_with_care(unit, number, span)
            if unit.spent is not None:
                unit.spent += perf_counter_ns() - ended


def _note_with_care(unit: Unit, number: int, span: tuple[int, int, str, str]) -> None:
    if number > MAX_SPANS or governor.step != FULL:
        return
    unit.spans.append(span)
    if number % FEWEST == 0:
        _look_for_repetition(unit, span[-1])
    if unit.usual_until:
        unit.usual_until = min(MAX_SPANS + 1, number + FEWEST - number % FEWEST)


def _look_for_repetition(unit: Unit, sql: str) -> None:
    try:
        statements.note_caller(unit, sql)
    except Exception:
        faults.report("looking for repeated statements")
