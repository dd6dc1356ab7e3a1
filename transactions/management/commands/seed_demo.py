"""`manage.py seed_demo --users N`: demo users with funded accounts and tokens."""

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from transactions import demo

MAX_USERS = 9999


def user_count(text: str) -> int:
    """A whole number from 1 to MAX_USERS."""
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_USERS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MAX_USERS}.")


class Command(BaseCommand):
    help = "Makes demo users, and writes demo-users.json into the data folder. Repeatable."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--users", type=user_count, default=20, metavar="N", help="how many (default 20)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        users = demo.seed(options["users"])
        path = Path(settings.DATA_DIR) / "demo-users.json"
        try:
            demo.write(path, users)
        except OSError as error:
            raise CommandError(
                f"{path} cannot be written: {error.strerror}. Make the data folder writable."
            ) from error
        self.stdout.write(f"{len(users)} demo users; tokens and accounts are in {path}.")
