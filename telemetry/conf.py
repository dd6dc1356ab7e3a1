"""The `TELEMETRY` setting: one dictionary over documented defaults.

`DEFAULTS` is the one list of keys; docs/settings.md is compared with it by a test, and a key that
it lacks is a system check error.
"""

import logging
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed

DEFAULTS: dict[str, Any] = {
    # Where the journal, log files and archive live; None: `var` below BASE_DIR (or below the
    # working folder).
    "DATA_DIR": None,
    # The alias in DATABASES that holds the store.
    "DATABASE": "telemetry",
    # auto: the first web process that serves a request ingests in a thread, until
    # `manage.py ingest` takes over; external: only `manage.py ingest` does; off: no capture.
    "INGEST": "auto",
    # Recorded with each process, so that a fault can be tied to a release.
    "APP_VERSION": "",
    # Log records below this level are not looked at (loggers filter by their own levels first).
    "LOG_LEVEL": "DEBUG",
    # Units of work slower than this keep their SQL statements and DEBUG records, as do those that
    # fail or are slower than their route's recent 95th percentile. Seconds.
    "SLOW_SECONDS": 1.0,
    # Share of the other units that keep them too, 0 to 1.
    "DETAIL_SAMPLE": 0.01,
    # Requests that one web process can answer at a time; None: found out, where the server lets it
    # be seen.
    "WORKER_THREADS": None,
    # What telemetry itself may cost a unit of work in the mean; past it detail is stepped down.
    # Microseconds.
    "OVERHEAD_BUDGET": 500,
    # Apdex: requests up to so many seconds satisfy, up to four times as many are tolerated. A
    # number, or numbers by pattern of routes ({"api/reports/*": 2.0, "*": 0.5}): the first that
    # fits counts.
    "APDEX_SECONDS": 0.5,
    # What is wanted of each route: the share of requests that do not fail, and the share of those
    # that take at most so many seconds. "routes": other wishes by pattern; None: none.
    "SLO": {"availability": 0.999, "latency": {"seconds": 0.5, "share": 0.99}},
    # Path prefixes that are tagged `self`: left out of lists and counts unless asked for.
    "SELF_PATHS": ["/admin/telemetry/", "/api/telemetry/", "/metrics", "/healthz", "/static/"],
    # Management commands that are not captured, beside telemetry's own.
    "IGNORE_COMMANDS": [],
    # Names of keys whose values are replaced, added to the built-in list. Compared in lower case.
    "SENSITIVE_KEYS": [],
    # Regular expressions of what else is replaced in texts; a slow one makes requests slow.
    "REDACT_PATTERNS": [],
    # Request headers that are recorded beside User-Agent and the trace's own, redacted.
    "CAPTURE_HEADERS": [],
    # A record's line is at most this long; longer values are cut and marked. Bytes.
    "MAX_RECORD_BYTES": 65_536,
    # A segment is closed and a new one begun at this size (bytes) or age (seconds).
    "SEGMENT_BYTES": 8 * 1024 * 1024,
    "SEGMENT_SECONDS": 600,
    # As unread segments come near this many bytes, records go by level, and are counted.
    "JOURNAL_MAX_BYTES": 1024 * 1024 * 1024,
    # With less free space than this on the journal's disk nothing is written to it. Bytes.
    "JOURNAL_MIN_FREE_BYTES": 64 * 1024 * 1024,
    # Ingested segments are kept, compressed, for re-reading after a restore. Hours and bytes.
    "ARCHIVE_HOURS": 24,
    "ARCHIVE_MAX_BYTES": 1024 * 1024 * 1024,
    # Rotated JSON log files in DATA_DIR/logs: app.jsonl has every record, error.jsonl ERROR and
    # above. A file is closed at this size (bytes) or age (hours) and compressed; so many are kept.
    "LOG_FILES": True,
    "LOG_FILE_BYTES": 64 * 1024 * 1024,
    "LOG_FILE_HOURS": 24,
    "LOG_FILES_KEEP": 14,
    # Where load tests put the results of their runs, one JSON file each; None: they are not read.
    "LOAD_RESULTS_DIR": None,
    # A metric has at most so many series; what comes with other labels then is added up in one
    # more, labelled otel_metric_overflow="true".
    "METRIC_SERIES_MAX": 2_000,
    # Days that each kind of record is kept; a given dictionary is merged over these. Processes
    # stay as long as the errors that name them.
    "RETENTION": {
        "requests": 14,
        "logs": 14,
        "errors": 90,
        "samples": 2,
        "buckets_10s": 2,
        "buckets_1m": 30,
        "buckets_1h": 400,
        "buckets_6h": 400,
        "buckets_1d": 800,
        "buckets_30d": 1_600,
        "quarantine": 30,
        "processes": 90,
    },
    # Beyond this many bytes of rows the oldest requests and logs go, whatever their age; None: no
    # limit.
    "STORE_MAX_BYTES": None,
    # Beyond this many bytes of the store's write-ahead log, which a reader that stays open lets
    # grow, ingest waits until a checkpoint has emptied it.
    "WAL_MAX_BYTES": 256 * 1024 * 1024,
    # What a scraper of /metrics sends as `Authorization: Bearer …`, 16 characters or more; None:
    # the page is for staff alone.
    "METRICS_TOKEN": None,
    # /metrics leaves out gauges that nobody has set for so long: their process may be gone.
    # Seconds.
    "METRICS_GAUGE_SECONDS": 300,
    # Sets of pictures that are kept: a day's worth at the schedule's five minutes, some 300 MB.
    "DASHBOARDS_KEEP": 288,
    # Records read into one transaction at most, and the pause between looks when idle (seconds).
    "BATCH_RECORDS": 10_000,
    "POLL_SECONDS": 0.25,
}


_TYPES: dict[str, type | tuple[type, ...]] = {
    "DATA_DIR": (str, Path),
    "DATABASE": str,
    "LOG_LEVEL": str,
}


def raw(name: str) -> Any:
    """The value as the project gives it, or the default; what it is worth the checks say."""
    given = getattr(django_settings, "TELEMETRY", {})
    return given.get(name, DEFAULTS[name]) if isinstance(given, dict) else DEFAULTS[name]


class Settings:
    """Attribute access to `TELEMETRY`; all of it is read at once, and again when it changes.

    Beside the keys: `self_paths` and `redact_patterns` as they are used, `log_level` as a number.
    """

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    @property
    def journal_dir(self) -> Path:
        """Segments and boards of every process."""
        return Path(self.DATA_DIR) / "journal"

    @property
    def archive_dir(self) -> Path:
        """Compressed copies of ingested segments."""
        return Path(self.DATA_DIR) / "archive"

    @property
    def logs_dir(self) -> Path:
        """The rotated JSON log files."""
        return Path(self.DATA_DIR) / "logs"

    def clear(self) -> None:
        """Forget what was read, so that the next access reads Django's settings again."""
        # In this order, for a thread that reads meanwhile.
        self.__class__ = _Unread
        self.__dict__.clear()


class _Unread(Settings):
    """Before the first access. A class of its own: Python is slow to read any attribute of an
    object whose class has a `__getattr__`, and requests read many."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.__dict__.update(_read())
        self.__class__ = Settings  # type: ignore[assignment]
        return getattr(self, name)


def _read() -> dict[str, Any]:
    found = {name: _value(name) for name in DEFAULTS}
    # What is not as it should be stays as it is: a check says so, and its use fails there.
    with suppress(TypeError):
        found["self_paths"] = tuple(found["SELF_PATHS"])
    with suppress(TypeError, re.error):
        found["redact_patterns"] = tuple(map(re.compile, found["REDACT_PATTERNS"]))
    found["log_level"] = logging.getLevelNamesMapping().get(found["LOG_LEVEL"], 0)
    return {"self_paths": found["SELF_PATHS"], "redact_patterns": found["REDACT_PATTERNS"]} | found


def _value(name: str) -> Any:
    value = raw(name)
    if name in _TYPES and not (value and isinstance(value, _TYPES[name])):
        # Wrong already at the start, where no check has run yet; one says so then.
        value = DEFAULTS[name]
    if name == "DATA_DIR":
        return _data_dir(value)
    if name == "RETENTION" and isinstance(value, dict):
        return {**DEFAULTS[name], **value}
    return value


def _data_dir(value: str | Path | None) -> Path:
    if value is None:
        value = Path(getattr(django_settings, "BASE_DIR", ".")) / "var"
    return Path(value).absolute()


settings: Settings = _Unread()


def _reload(*, setting: str, **kwargs: Any) -> None:
    if setting == "TELEMETRY":
        settings.clear()


setting_changed.connect(_reload)
