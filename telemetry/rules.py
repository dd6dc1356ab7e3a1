"""What each key of `TELEMETRY` may be: a test of its value, and how to say what is expected."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any


def positive(value: Any) -> bool:
    """A number above 0, and not infinite."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 < value < math.inf


def _count(value: Any) -> bool:
    return isinstance(value, int) and positive(value)


def _not_negative(value: Any) -> bool:
    return value == 0 or positive(value)


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _headers(value: Any) -> bool:
    return _texts(value) and all(re.fullmatch(r"[A-Za-z0-9-]{1,64}", name) for name in value)


def _patterns(value: Any) -> bool:
    if not _texts(value):
        return False
    try:
        return all(re.compile(item) for item in value)
    except re.error:
        return False


def _folder(value: Any) -> bool:
    return value is None or (isinstance(value, str | Path) and bool(str(value)))


def token(value: Any) -> bool:
    """Visible ASCII that can't be guessed, as a header can hold it."""
    return isinstance(value, str) and re.fullmatch(r"[!-~]{16,}", value) is not None


# Keys whose values no message shows.
SECRETS = frozenset({"METRICS_TOKEN"})
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# key → (whether a value will do, what will do)
RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "INGEST": (lambda value: value in ("auto", "external", "off"), "auto, external or off"),
    "LOG_LEVEL": (lambda value: value in _LEVELS, f"one of {', '.join(_LEVELS)}"),
    "LOG_FILES": (lambda value: isinstance(value, bool), "True or False"),
    "DETAIL_SAMPLE": (_share, "a number from 0 to 1"),
    "STORE_MAX_BYTES": (lambda value: value is None or positive(value), "bytes, or None"),
    # Each connection keeps 64 MiB of it for the next writes.
    "WAL_MAX_BYTES": (
        lambda value: _count(value) and value >= 1_000_000,
        "a whole number of bytes from 1000000",
    ),
    "DATA_DIR": (_folder, "the path of a folder, or None"),
    "DATABASE": (lambda value: isinstance(value, str) and bool(value), "an alias of DATABASES"),
    # Below it not even a record without attributes fits; ingest reads 1 MiB at once.
    "MAX_RECORD_BYTES": (
        lambda value: _count(value) and 2_048 <= value <= 1_000_000,
        "a whole number of bytes from 2048 to 1000000",
    ),
    "WORKER_THREADS": (
        lambda value: value is None or _count(value),
        "a whole number above 0, or None",
    ),
    **dict.fromkeys(
        ("BATCH_RECORDS", "LOG_FILES_KEEP", "METRIC_SERIES_MAX"), (_count, "a whole number above 0")
    ),
    "METRICS_TOKEN": (
        lambda value: value is None or token(value),
        "16 or more visible ASCII characters, or None",
    ),
    "REDACT_PATTERNS": (_patterns, "a list of regular expressions"),
    "JOURNAL_MIN_FREE_BYTES": (_not_negative, "bytes, 0 or more"),
    "LOAD_RESULTS_DIR": (_folder, "the path of a folder, or None"),
    "CAPTURE_HEADERS": (_headers, "a list of header names"),
    **dict.fromkeys(
        ("SELF_PATHS", "IGNORE_COMMANDS", "SENSITIVE_KEYS"), (_texts, "a list of texts")
    ),
    **dict.fromkeys(
        (
            "SLOW_SECONDS",
            "OVERHEAD_BUDGET",
            "SEGMENT_BYTES",
            "SEGMENT_SECONDS",
            "JOURNAL_MAX_BYTES",
            "ARCHIVE_HOURS",
            "ARCHIVE_MAX_BYTES",
            "LOG_FILE_BYTES",
            "LOG_FILE_HOURS",
            "METRICS_GAUGE_SECONDS",
            "DASHBOARDS_KEEP",
            "POLL_SECONDS",
        ),
        (positive, "a number above 0"),
    ),
}
