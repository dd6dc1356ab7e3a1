"""gunicorn's error log, redacted: it names the URLs of requests that it could not handle."""

import logging
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from telemetry import display
from telemetry.capture import redact

_MOST = 24_000


class RedactingFormatter(logging.Formatter):
    """What another formatter makes of a record, redacted; a stack keeps its lines."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return display.escaped(redact.text(self._inner.format(record)[:_MOST]), keep_lines=True)


class Logger(GunicornLogger):  # type: ignore[misc]
    """gunicorn's own, with that formatter on every handler of its error log."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(RedactingFormatter(handler.formatter or logging.Formatter()))
