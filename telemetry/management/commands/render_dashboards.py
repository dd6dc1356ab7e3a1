"""`manage.py render_dashboards`: draws what happened as PNG files."""

from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telemetry import ingest
from telemetry.dashboards import files
from telemetry.dashboards.draw import CannotDraw, Unwritable, draw
from telemetry.ingest.connection import StoreUnavailable
from telemetry.queries.store import StoreUnavailableError
from telemetry.queries.values import PARSERS


class Command(BaseCommand):
    help = "Draw counters, gauges, histograms and an overview as timestamped PNG files."
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", default="1h", help="how far back: 15m, 1h (default), 24h, 7d"
        )
        parser.add_argument(
            "--out", metavar="DIR", help=f"where to put them (default {files.folder()})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            since = PARSERS["since"](options["since"])
        except ValueError as error:
            raise CommandError(f"--since: {error}") from None
        # What is wrong with the store then, reading says next.
        with suppress(StoreUnavailable):
            ingest.drain_if_free()
        try:
            drawn = draw(since, None if options["out"] is None else Path(options["out"]))
        except Unwritable as error:
            raise CommandError(f"--out: {error}") from error
        except CannotDraw as error:
            raise CommandError(str(error)) from error
        except StoreUnavailableError as error:
            raise CommandError(str(error)) from None
        if not drawn:
            self.stdout.write("The store is empty: there is nothing to draw yet.")
        for path in drawn:
            self.stdout.write(str(path))
