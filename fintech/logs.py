"""The console's log format: short, aligned, with the structured fields at the end."""

import logging
import sys
from datetime import UTC, datetime

from fintech.output import wants_colour

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Django attaches these objects to its own records; they are not fields for a reader.
_HIDDEN = {"request", "server_time", "exc_info", "sql", "params", "alias", "duration"}
_LEVEL_COLOURS = {"WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class ConsoleFormatter(logging.Formatter):
    """`14:05:03.120 WARNING transactions.services Declined  code=insufficient_funds` (UTC)."""

    def __init__(self) -> None:
        super().__init__()
        self._colour = wants_colour(sys.stderr)

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        line = f"{moment} {self._level(record.levelname)} {record.name} {record.getMessage()}"
        if fields := _fields(record):
            line = f"{line}  {fields}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        if record.stack_info:
            line = f"{line}\n{self.formatStack(record.stack_info)}"
        return line

    def _level(self, name: str) -> str:
        colour = _LEVEL_COLOURS.get(name) if self._colour else None
        return f"\x1b[{colour}m{name:<7}\x1b[0m" if colour else f"{name:<7}"


def _fields(record: logging.LogRecord) -> str:
    extra = {
        name: value
        for name, value in vars(record).items()
        if name not in _STANDARD and name not in _HIDDEN and not name.startswith("_")
    }
    return " ".join(f"{name}={_value(value)}" for name, value in extra.items())


def _value(value: object) -> str:
    text = str(value)
    # Quoted where a space, or a line break that would forge a second record, needs it.
    return text if text.isprintable() and " " not in text and text else repr(text)
