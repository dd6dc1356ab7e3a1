"""A console format for production: one JSON object a record, as in the log files."""

import json
import logging

import msgspec

from telemetry.capture import context, errors, logs, values
from telemetry.journal import otel


class JsonFormatter(logging.Formatter):
    """OpenTelemetry's names on one line, redacted as the journal is; for LOGGING's formatters."""

    def format(self, record: logging.LogRecord) -> str:
        event = logs.to_event(record, context.current.get())
        # Encoded once for all records of a unit.
        event.bound = msgspec.json.decode(msgspec.json.encode(event.bound))
        content = otel.log_object(event)
        assert content is not None
        _, fields = content
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            fields["attributes"] |= {
                "exception.type": errors.type_name(error),
                "exception.message": values.text(values.describe(error), 2_000),
                "exception.stacktrace": errors.stack_text(error),
            }
        try:
            return otel.encode(fields).decode()
        except UnicodeEncodeError:
            return json.dumps(fields)
