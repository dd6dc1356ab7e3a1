"""System checks: each has an id, and a hint that names the line to change."""

import difflib
import math
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags
from django.db import connections

from telemetry import mounts
from telemetry.conf import DEFAULTS, raw, settings
from telemetry.retention import ages

MIDDLEWARE = "telemetry.middleware.TelemetryMiddleware"


def check_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """telemetry.E001: a key of TELEMETRY that there is not."""
    given = getattr(django_settings, "TELEMETRY", {})
    if not isinstance(given, dict):
        hint = 'Write TELEMETRY = {"INGEST": "auto"}, or leave it out (docs/settings.md).'
        return [Error("TELEMETRY is not a dictionary.", hint=hint, id="telemetry.E001")]
    messages: list[CheckMessage] = []
    for key in given.keys() - DEFAULTS.keys():
        near = difflib.get_close_matches(str(key).upper(), DEFAULTS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(DEFAULTS)}."
        messages.append(Error(f"TELEMETRY has no setting {key!r}.", hint=hint, id="telemetry.E001"))
    return messages


def _positive(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 < value < math.inf


def _count(value: Any) -> bool:
    return isinstance(value, int) and _positive(value)


def _not_negative(value: Any) -> bool:
    return value == 0 or _positive(value)


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _patterns(value: Any) -> bool:
    if not _texts(value):
        return False
    try:
        return all(re.compile(item) for item in value)
    except re.error:
        return False


def _folder(value: Any) -> bool:
    return value is None or (isinstance(value, str | Path) and bool(str(value)))


_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "INGEST": (lambda value: value in ("auto", "external", "off"), "auto, external or off"),
    "LOG_LEVEL": (lambda value: value in _LEVELS, f"one of {', '.join(_LEVELS)}"),
    "LOG_FILES": (lambda value: isinstance(value, bool), "True or False"),
    "DETAIL_SAMPLE": (_share, "a number from 0 to 1"),
    "STORE_MAX_BYTES": (lambda value: value is None or _positive(value), "bytes, or None"),
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
    **dict.fromkeys(("BATCH_RECORDS", "LOG_FILES_KEEP"), (_count, "a whole number above 0")),
    "REDACT_PATTERNS": (_patterns, "a list of regular expressions"),
    "JOURNAL_MIN_FREE_BYTES": (_not_negative, "bytes, 0 or more"),
    "LOAD_RESULTS_DIR": (_folder, "the path of a folder, or None"),
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
            "DASHBOARDS_KEEP",
            "POLL_SECONDS",
        ),
        (_positive, "a number above 0"),
    ),
}


def check_values(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """telemetry.E002: a value that its key cannot have."""
    messages: list[CheckMessage] = []
    for key, (is_valid, expected) in _RULES.items():
        value = raw(key)
        if not is_valid(value):
            messages.append(
                Error(
                    f"TELEMETRY[{key!r}] is {value!r}.",
                    hint=f"Give it {expected}.",
                    id="telemetry.E002",
                )
            )
    hint = 'Give TELEMETRY["RETENTION"] days above 0 by kind (docs/settings.md).'
    messages += [
        Error(text, hint=hint, id="telemetry.E002") for text in ages.faults(settings.RETENTION)
    ]
    return messages


def check_database(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """telemetry.W003: no database for the store; telemetry.E003: not an SQLite one of its own."""
    alias = settings.DATABASE
    if alias not in django_settings.DATABASES:
        # A warning, as the middleware's: the site answers without it.
        return [
            checks.Warning(
                f"DATABASES has no {alias!r}: telemetry has nowhere to keep its rows.",
                hint=f'Add to DATABASES: "{alias}": {{"ENGINE": "django.db.backends.sqlite3", '
                f'"NAME": BASE_DIR / "var" / "{alias}.sqlite3"}}',
                id="telemetry.W003",
            )
        ]
    if connections[alias].vendor != "sqlite" or alias == "default":
        return [
            Error(
                f"The store, DATABASES[{alias!r}], is not an SQLite database of its own.",
                hint='Give telemetry an alias whose ENGINE is "django.db.backends.sqlite3".',
                id="telemetry.E003",
            )
        ]
    return []


def check_middleware(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """telemetry.W004: no middleware; telemetry.W001: not the first one."""
    listed = list(django_settings.MIDDLEWARE)
    if MIDDLEWARE not in listed:
        return [
            checks.Warning(
                "MIDDLEWARE lacks telemetry's: no request is captured.",
                hint=f'Put first in MIDDLEWARE: "{MIDDLEWARE}"',
                id="telemetry.W004",
            )
        ]
    if listed[0] != MIDDLEWARE:
        return [
            checks.Warning(
                f"{listed[0]} stands before telemetry's middleware: what it does is not observed.",
                hint=f'Put "{MIDDLEWARE}" first in MIDDLEWARE.',
                id="telemetry.W001",
            )
        ]
    return []


def check_filesystem(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """telemetry.W005: locks and WAL do not hold on a network filesystem."""
    folders = {"DATA_DIR": settings.DATA_DIR}
    if settings.DATABASE in django_settings.DATABASES:
        name = Path(str(django_settings.DATABASES[settings.DATABASE].get("NAME", "")))
        folders[f"DATABASES[{settings.DATABASE!r}]"] = name.parent
    messages: list[CheckMessage] = []
    for what, folder in folders.items():
        kind = mounts.network_filesystem(Path(folder))
        if kind:
            messages.append(
                checks.Warning(
                    f"{what} is on {kind}, a network filesystem: SQLite's WAL and the journal's "
                    "locks do not hold there.",
                    hint=f"Move {folder} to a local disk.",
                    id="telemetry.W005",
                )
            )
    return messages


def has_wal_reset_bug(version: tuple[int, int, int]) -> bool:
    """SQLite 3.7.0–3.51.2 may corrupt a WAL database; 3.50.7 and 3.44.6 have the fix too."""
    if version >= (3, 51, 3) or version < (3, 7, 0):
        return False
    return not ((3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0))


def check_sqlite(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """telemetry.W002: the SQLite library has the WAL-reset corruption bug."""
    # What Django's backend uses, which a project may have replaced by a newer one.
    from django.db.backends.sqlite3 import base

    library: Any = vars(base).get("Database", sqlite3)
    if not has_wal_reset_bug(library.sqlite_version_info):
        return []
    return [
        checks.Warning(
            f"SQLite {library.sqlite_version} can corrupt a WAL database when two connections "
            "reset the log at once.",
            hint="Install SQLite 3.51.3 or newer, or the package pysqlite3 and put it in place of "
            "sqlite3 before Django starts (docs/operations.md).",
            id="telemetry.W002",
        )
    ]


def check_sqlite_deploy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """telemetry.E005: the same, where it is deployed."""
    return [
        Error(message.msg, hint=message.hint, id="telemetry.E005")
        for message in check_sqlite(app_configs)
    ]


def register() -> None:
    """Called by `AppConfig.ready()`."""
    for check in (check_keys, check_values, check_database, check_middleware):
        checks.register(check, Tags.compatibility)
    for check in (check_filesystem, check_sqlite):
        checks.register(check, Tags.compatibility)
    checks.register(check_sqlite_deploy, Tags.compatibility, deploy=True)
