"""The console's log format: short, aligned, with the structured fields at the end."""

import logging
import sys
from datetime import UTC, datetime

from fintech.output import wants_colour
from telemetry import display
from telemetry.capture import redact, values

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Django attaches these objects to its own records; they are not fields for a reader.
_HIDDEN = {"request", "server_time", "exc_info", "sql", "params", "alias", "duration"}
_LEVEL_COLOURS = {"WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}
_MOST = 24_000


class ConsoleFormatter(logging.Formatter):
    """`14:05:03.120 WARNING transactions.services Declined  code=insufficient_funds` (UTC).

    Redacted as the journal is. A record is one line; only a stack has lines of its own, indented.
    """

    def __init__(self) -> None:
        super().__init__()
        self._colour = wants_colour(sys.stderr)

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        said = _plain(f"{record.name} {record.getMessage()}")
        line = f"{moment} {self._level(record.levelname)} {said}"
        if fields := _fields(record):
            line = f"{line}  {fields}"
        if record.exc_info:
            line = f"{line}\n{_indented(self.formatException(record.exc_info))}"
        if record.stack_info:
            line = f"{line}\n{_indented(self.formatStack(record.stack_info))}"
        return line

    def _level(self, name: str) -> str:
        colour = _LEVEL_COLOURS.get(name) if self._colour else None
        return f"\x1b[{colour}m{name:<7}\x1b[0m" if colour else f"{name:<7}"


def _plain(text: str) -> str:
    return display.escaped(values.text(text, _MOST))


def _indented(stack: str) -> str:
    # A message with line breaks must not look like records of its own.
    lines = display.escaped(redact.text(stack[-_MOST:]), keep_lines=True).split("\n")
    return "\n".join(f"    {line}" for line in lines)


def _fields(record: logging.LogRecord) -> str:
    extra = {
        name: value
        for name, value in vars(record).items()
        if name not in _STANDARD and name not in _HIDDEN and not name.startswith("_")
    }
    cleaned = values.clean_mapping(extra) if extra else {}
    return " ".join(f"{display.escaped(name)}={_value(value)}" for name, value in cleaned.items())


def _value(value: object) -> str:
    text = str(value)
    # Quoted where a space needs it; what would forge a second record is written out.
    quoted = repr(text) if " " in text or not text else text
    return display.escaped(quoted)
