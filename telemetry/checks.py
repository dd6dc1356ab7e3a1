"""System checks: each has an id, and a hint that names the line to change."""

import difflib
import sqlite3
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags
from django.db import connections

from telemetry import mounts, targets
from telemetry.capture import metrics, redact
from telemetry.conf import DEFAULTS, raw, settings
from telemetry.ingest import builtin
from telemetry.retention import ages
from telemetry.rules import RULES, SECRETS

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


def check_values(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """telemetry.E002: a value that its key cannot have."""
    messages: list[CheckMessage] = []
    for key, (is_valid, expected) in RULES.items():
        value = raw(key)
        if not is_valid(value):
            messages.append(
                Error(
                    f"TELEMETRY[{key!r}] is {_shown(key, value)}.",
                    hint=f"Give it {expected}.",
                    id="telemetry.E002",
                )
            )
    hint = 'Give TELEMETRY["RETENTION"] days above 0 by kind (docs/settings.md).'
    messages += [
        Error(text, hint=hint, id="telemetry.E002") for text in ages.faults(settings.RETENTION)
    ]
    hint = "Correct it (docs/settings.md has examples of APDEX_SECONDS and SLO)."
    messages += [Error(text, hint=hint, id="telemetry.E002") for text in targets.faults()]
    return messages


def check_metrics(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """telemetry.E007: a metric of the project's with the name of one that ingest makes."""
    hint = (
        "Give it another name (docs/metrics-builtin.md lists those that are there by themselves)."
    )
    return [
        Error(
            f"The metric {name!r} is declared, and is one of telemetry's own.",
            hint=hint,
            id="telemetry.E007",
        )
        for name in sorted(metrics.declared() & builtin.METRICS.keys())
    ]


def _shown(key: str, value: Any) -> str:
    """The value as a message may have it: a secret is not told, be it a bad one."""
    return "not what it can be" if key in SECRETS else repr(value)


def check_headers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """telemetry.E006: a header that must not be recorded."""
    given = settings.CAPTURE_HEADERS
    named = given if isinstance(given, list | tuple) else ()
    return [
        Error(
            f"TELEMETRY['CAPTURE_HEADERS'] has {name!r}, which holds what must not be kept.",
            hint=f"Remove {name!r}: credentials, cookies and full client addresses are never "
            "recorded (docs/security.md).",
            id="telemetry.E006",
        )
        for name in named
        if isinstance(name, str) and redact.is_sensitive_header(name)
    ]


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
    for check in (
        check_keys,
        check_values,
        check_metrics,
        check_headers,
        check_database,
        check_middleware,
    ):
        checks.register(check, Tags.compatibility)
    for check in (check_filesystem, check_sqlite):
        checks.register(check, Tags.compatibility)
    checks.register(check_sqlite_deploy, Tags.compatibility, deploy=True)
