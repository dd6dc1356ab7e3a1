"""One reader for each filter: text to value, or ValueError with a sentence on how to write it.

A sentence goes on from the parameter's name: “status: “abc” is not a status. Write 500 or 5xx.”
"""

import logging
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from telemetry.models import Request
from telemetry.queries.store import MAX_KEY

_LONGEST_TEXT = 200
_SINCE = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_STATUS = re.compile(r"[1-5](?:[0-9]{2}|xx)", re.IGNORECASE)
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
KINDS = {kind.label: kind.value for kind in Request.Kind}


def _since(text: str) -> timedelta:
    match = _SINCE.fullmatch(text)
    if match is None:
        raise ValueError(f"“{_cut(text)}” is not a time span. Write 15m, 1h, 24h or 7d.")
    span = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if span > timedelta(days=3650):
        raise ValueError(f"“{text}” is more than ten years. Write 15m, 1h, 24h or 7d.")
    return span


def _time(text: str) -> datetime:
    try:
        # A browser's datetime-local field sends no zone, and the pages speak UTC.
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"“{_cut(text)}” is not a time. Write it as 2026-01-31T13:05:00Z."
        ) from None


def level(text: str) -> int:
    """A level by name or by number; it means “at least”."""
    if text.upper() in LEVELS:
        return logging.getLevelNamesMapping()[text.upper()]
    if re.fullmatch(r"[0-9]{1,4}", text):
        return int(text)
    raise ValueError(f"“{_cut(text)}” is not a level. Write one of {', '.join(LEVELS)}.")


def _status(text: str) -> tuple[int, int]:
    if not _STATUS.fullmatch(text):
        raise ValueError(f"“{_cut(text)}” is not a status. Write 500 or 5xx.")
    if text[1:].lower() == "xx":
        return int(text[0]) * 100, int(text[0]) * 100 + 99
    return int(text), int(text)


def _kind(text: str) -> int:
    if text.lower() not in KINDS:
        raise ValueError(f"“{_cut(text)}” is not a kind. Write one of {', '.join(KINDS)}.")
    return KINDS[text.lower()]


def _milliseconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1e9:
        raise ValueError(f"“{_cut(text)}” is not a duration in milliseconds. Write 250.")
    return value


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"“{_cut(text)}” is neither 1 nor 0.")
    return text == "1"


def _key(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > MAX_KEY:
        raise ValueError(f"“{_cut(text)}” is not a place in the list. Begin at its first page.")
    return int(text)


def _text(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"is longer than {_LONGEST_TEXT} characters. Shorten it.")
    return text


def _method(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{1,20}", text):
        raise ValueError(f"“{_cut(text)}” is not an HTTP method. Write GET or POST.")
    return text.upper()


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "since": _since,
    "from": _time,
    "to": _time,
    "level": level,
    "status": _status,
    "kind": _kind,
    "min_ms": _milliseconds,
    "self": _flag,
    "repeated": _flag,
    "before": _key,
    "after": _key,
    "method": _method,
    **dict.fromkeys(
        ("q", "route", "outcome", "error", "transaction", "trace", "user", "logger", "load_run"),
        _text,
    ),
}
