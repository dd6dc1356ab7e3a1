"""Counts and times every SQL statement, on every alias and thread."""

import time
from collections.abc import Callable
from typing import Any

from telemetry.capture import context
from telemetry.capture.context import MAX_SPANS
from telemetry.conf import settings


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
    unit = context.current.get()
    if unit is None:
        return execute(sql, params, many, execution)
    began = time.perf_counter_ns()
    try:
        return execute(sql, params, many, execution)
    finally:
        spent = time.perf_counter_ns() - began
        unit.db_count += 1
        unit.db_time += spent // 1000
        if len(unit.spans) < MAX_SPANS:
            unit.spans.append((began, spent, execution["connection"].alias, sql))
