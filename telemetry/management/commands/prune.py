"""`manage.py prune`: delete what is older than its retention, or say what would go."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telemetry.retention.prune import PruneFailed, preview_now, prune
from telemetry.retention.text import preview, summary


class Command(BaseCommand):
    help = "Delete records older than TELEMETRY['RETENTION'], oldest first; ingest goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would go; delete nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["dry_run"]:
                self.stdout.write("\n".join(preview(*preview_now())))
                return
            done = prune()
        except PruneFailed as error:
            raise CommandError(str(error)) from error
        for kind, count in done.gone.items():
            if count:
                self.stdout.write(f"{kind:<12}{count:>14,}")
        self.stdout.write(summary(done))
