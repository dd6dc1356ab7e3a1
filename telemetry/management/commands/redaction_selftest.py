"""`manage.py redaction_selftest`: proof that nothing sensitive is kept; exit 1 with the place."""

import dataclasses
import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telemetry.selftest import verdict


class Command(BaseCommand):
    help = (
        "Push made-up card numbers, credentials and the like through every way in, over a "
        "temporary folder and store, and search all that telemetry keeps; exit 1 when one is there."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object, stable keys")
        parser.add_argument(
            "--console",
            action="store_true",
            help="search what the project's own log handlers print to the console, too",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = verdict.run(console=options["console"])
        except verdict.CouldNotRun as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(dataclasses.asdict(found), indent=2))
        else:
            self.stdout.write("\n".join((*verdict.table(found), "", _summary(found))))
            self.stderr.write("\n".join(verdict.places(found)))
        if found.findings:
            sys.exit(1)


def _summary(found: verdict.Verdict) -> str:
    what = f"{found.pushed:,} canaries; {found.size:,} bytes in {found.files} places searched: "
    return what + (f"{len(found.findings)} FOUND" if found.findings else "none found")
