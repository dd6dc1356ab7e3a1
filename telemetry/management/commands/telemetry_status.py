"""`manage.py telemetry_status`: where every record is; exit 1 when one is unaccounted for."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from telemetry import display
from telemetry.conf import settings
from telemetry.queries.status import Status, status


class Command(BaseCommand):
    help = "Show the delivery equation, the lag and file sizes; exit 1 when it does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object, stable keys")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = status()
        except DatabaseError as error:
            raise CommandError(
                f"the store cannot be read: {error}. "
                f"Run: python manage.py migrate --database {settings.DATABASE}"
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps(found.as_dict(), indent=2))
        else:
            self.stdout.write("\n".join(map(display.escaped, lines(found))))
        if not found.balanced:
            sys.exit(1)


def lines(found: Status) -> list[str]:
    """The status as text for people."""
    rows = [("emitted", found.emitted), ("stored", found.stored)]
    rows += [("quarantined", found.quarantined), ("pending", found.pending)]
    rows += [(f"dropped ({reason})", count) for reason, count in found.dropped.items()]
    text = [f"{name:<24}{count:>14,}" for name, count in rows]
    if found.balanced:
        text.append("emitted = stored + quarantined + pending + dropped: holds")
    else:
        missing = found.emitted - found.accounted
        text.append(f"DOES NOT HOLD: {missing:+,} records unaccounted for. See docs/operations.md")
    text.append(f"{'lag':<24}{found.lag_seconds:>13,.1f}s")
    text += [f"{name:<24}{size:>14,} bytes" for name, size in found.files.items()]
    text.append(f"ingested by: {found.holder or 'nobody'}")
    if found.hint:
        text.append(f"To ingest what waits: {found.hint}")
    return text
