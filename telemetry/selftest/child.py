"""The process that pushes: `python -m telemetry.selftest.child FOLDER SEED [console]`.

It points telemetry at FOLDER and at a store in it before anything is captured, so that the live
ones are never touched; what telemetry keeps, shows and prints is left in FOLDER to be searched.
"""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.conf import settings as django_settings
from django.test.utils import override_settings

MIDDLEWARE = ["telemetry.middleware.TelemetryMiddleware"]


def main(folder: Path, seed: str, *options: str) -> None:
    """Push everything, and keep what comes out."""
    django.setup()
    given = getattr(django_settings, "TELEMETRY", {})
    telemetry = {
        **given,
        "DATA_DIR": folder / "data",
        "INGEST": "external",
        "LOG_LEVEL": "DEBUG",
        "LOG_FILES": True,
        # All of each unit's detail, and archived segments and rotated files to look into.
        "DETAIL_SAMPLE": 1.0,
        "OVERHEAD_BUDGET": 10_000_000,
        "SEGMENT_BYTES": 1_000_000,
        "LOG_FILE_BYTES": 1_000_000,
        "MAX_RECORD_BYTES": 65_536,
        "LOAD_RESULTS_DIR": None,
        "CAPTURE_HEADERS": ["Referer", "tracestate", "X-Forwarded-For"],
    }
    with override_settings(
        TELEMETRY=telemetry,
        ROOT_URLCONF="telemetry.selftest.site",
        MIDDLEWARE=MIDDLEWARE,
        ALLOWED_HOSTS=["*"],
        DEBUG=False,
        SECURE_SSL_REDIRECT=False,
    ):
        _use_own_databases(folder)
        _silence_handlers(keep_console="console" in options)
        logging.getLogger().setLevel(logging.DEBUG)
        logging.getLogger("matplotlib").setLevel(logging.WARNING)
        _push(folder, seed)


def _silence_handlers(*, keep_console: bool) -> None:
    """Made-up errors must reach no mailbox, no file and no service of the project's."""
    names = list(logging.root.manager.loggerDict)
    for logger in (logging.getLogger(), *map(logging.getLogger, names)):
        for handler in list(logger.handlers):
            stream = getattr(handler, "stream", None)
            if not (keep_console and stream in (sys.stderr, sys.stdout)):
                logger.removeHandler(handler)
    if not keep_console:
        logging.lastResort = None


def _use_own_databases(folder: Path) -> None:
    from django.core.management import call_command
    from django.db import connections

    from telemetry.conf import settings
    from telemetry.selftest.acts import ALIAS

    store = settings.DATABASE
    connections[store].close()
    connections.settings[store]["NAME"] = folder / "data" / "store.sqlite3"
    connections.settings[ALIAS] = {**connections.settings[store], "NAME": ":memory:", "OPTIONS": {}}
    settings.journal_dir.mkdir(parents=True)
    call_command("migrate", database=store, app_label="telemetry", verbosity=0)


def _push(folder: Path, seed: str) -> None:
    from telemetry.capture import sink
    from telemetry.selftest import canaries, outputs
    from telemetry.selftest.pushes import PUSHES
    from telemetry.selftest.site import Site

    journal = sink.JournalSink()
    sink.replace(journal)
    site = Site()
    for path, push in PUSHES.items():
        for canary in canaries.make(seed, path):
            _attempt(lambda push=push, canary=canary: push(site, canary))  # type: ignore[misc]
    outputs.keep(folder, site, journal)


def _attempt(push: Callable[[], Any]) -> None:
    try:
        push()
    except Exception as error:
        # What Django does with such a request is not this test's matter; that nothing is kept is.
        sys.stderr.write(f"telemetry selftest: a push ended in {type(error).__name__}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
