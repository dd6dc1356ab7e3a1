"""Audit records: who looked at what, or was refused. They go through the journal as log records.

No logger's level, no handler, no filter and no `LOG_LEVEL` decides whether one is written, and when
the journal fills up they go last. They are telemetry's alone: not on the console.
"""

import logging
import sys
from collections.abc import Mapping
from typing import Any

from telemetry.capture import context, logs, sink

LOGGER = "telemetry.audit"


def record(level: int, message: str, attributes: Mapping[str, Any]) -> None:
    """Write one record of the logger `telemetry.audit`, now. Never raises.

    Its line of code is the caller's. Dotted `attributes` as OpenTelemetry names them; texts are
    redacted like those of any record.
    """
    try:
        unit = context.current.get()
        if unit is not None:
            unit.log_count += 1
            unit.level = max(unit.level, level)
        destination = sink.current()
        # Asked as an error, so that a journal that fills up sheds it last, and counts it.
        if destination.admit(logging.ERROR):
            destination.emit(logs.to_event(_record(level, message, attributes), unit))
    except Exception:
        sink.lost("recording an audit record")


def _record(level: int, message: str, attributes: Mapping[str, Any]) -> logging.LogRecord:
    caller = sys._getframe(2)
    made = logging.LogRecord(
        LOGGER, level, caller.f_code.co_filename, caller.f_lineno, message, (), None,
        caller.f_code.co_name,
    )  # fmt: skip
    made.__dict__.update(attributes)
    return made
