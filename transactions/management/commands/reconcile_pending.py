"""`manage.py reconcile_pending`: resolve transactions that were left pending."""

import argparse
import re
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from transactions.reconcile import reconcile_pending

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> timedelta:
    """A duration such as 60s, 5m, 2h, 1d, or plain seconds."""
    match = re.fullmatch(r"([0-9]{1,6})([smhd]?)", text, re.ASCII)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a duration. Write it as 60s, 5m, 2h or 1d."
        )
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


class Command(BaseCommand):
    help = "Asks the gateway about transactions left pending, and settles or reverses them."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            type=duration,
            default=timedelta(seconds=60),
            metavar="AGE",
            help="leave younger transactions alone, as their requests may still run (default 60s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{reconcile_pending(options['older_than'])}.")
