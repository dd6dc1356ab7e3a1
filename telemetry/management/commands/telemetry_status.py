"""`manage.py telemetry_status`: where every record is; exit 1 when one is unaccounted for."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telemetry import display
from telemetry.queries.delivery import Status
from telemetry.queries.status import status
from telemetry.queries.store import StoreUnavailableError, reading


class Command(BaseCommand):
    help = "Show the delivery equation, the lag and file sizes; exit 1 when it does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object, stable keys")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with reading():
                found = status()
        except StoreUnavailableError as error:
            raise CommandError(str(error)) from error
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
        text.append(
            f"DOES NOT HOLD: {found.missing:+,} records unaccounted for. See docs/operations.md"
        )
        text += [f"  {gap}" for gap in found.gaps]
    text.append(f"{'lag':<24}{found.lag_seconds:>13,.1f}s")
    text += [f"{name:<24}{size:>14,} bytes" for name, size in found.files.items()]
    cost = found.overhead
    if cost.units:
        text.append(f"{'cost of a unit':<24}{cost.microseconds:>14,.0f} µs; detail: {cost.detail}")
    text += [
        f"{name}: {count:,} observations are in no series of their own"
        for name, count in found.overflowed.items()
    ]
    text.append(f"ingested by: {found.holder or 'nobody'}")
    if found.waiting:
        text.append(f"waiting for the store: {found.waiting}")
    text += [f"cannot be read: {each}" for each in found.unreadable]
    text += [f"malformed store, moved aside: {each}" for each in found.malformed]
    if found.next_step:
        text.append(f"Next: {found.next_step}")
    return text
