"""`manage.py password`: a new generated password for the administrator, printed once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from fintech import admin_user


class Command(BaseCommand):
    help = "Sets a new generated password for the admin user (created if missing); prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", default=admin_user.USERNAME)

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"].strip()
        if not username:
            raise CommandError("--username is empty. Name a user, or leave it out for `admin`.")
        try:
            password = admin_user.set_password(username)
        except DatabaseError as error:
            raise CommandError(
                f"The password was not set: {error}. Run `python manage.py migrate` first."
            ) from error
        self.stdout.write(f"User: {username}\nPassword: {password}")
