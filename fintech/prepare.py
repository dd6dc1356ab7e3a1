"""What has to be there before the site can run: tables, static files, demo data."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections


def connect() -> None:
    """Opens every database; CommandError in one line when one refuses."""
    for alias in settings.DATABASES:
        with _refusing(alias, "opened"):
            connections[alias].ensure_connection()


def migrate() -> None:
    """Brings every database to the code's schema; CommandError in one line when one refuses."""
    for alias in settings.DATABASES:
        with _refusing(alias, "migrated"):
            call_command("migrate", database=alias, interactive=False, verbosity=0)


@contextmanager
def _refusing(alias: str, what: str) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        path = settings.DATABASES[alias]["NAME"]
        raise CommandError(
            f"Database {alias!r} ({path}) cannot be {what}: {error}. Make the file writable "
            "and whole, or name another folder with FINTECH_DATA_DIR."
        ) from error


def collect_static() -> None:
    """Copies and compresses static files; in development they are served from where they lie."""
    if not settings.DEBUG:
        call_command("collectstatic", interactive=False, verbosity=0)


def seed() -> None:
    """Makes demo users and accounts, unless a customer has an account already."""
    accounts = apps.get_model("transactions", "Account")._default_manager
    if not accounts.filter(kind="customer").exists():
        call_command("seed_demo")


def close_connections() -> None:
    """The supervisor keeps no database open: it would hold WAL files and locks for days."""
    connections.close_all()


def example_payment(site: str) -> str | None:
    """A curl command that makes one payment as the first demo user; None without demo users."""
    path = Path(settings.DATA_DIR) / "demo-users.json"
    try:
        user = json.loads(path.read_text(encoding="utf-8"))[0]
        account = user["accounts"][0]
        body = {
            "account": account["id"],
            "type": "payment",
            "amount": "100" if account["currency"] == "JPY" else "1.00",
            "currency": account["currency"],
            "description": "First payment",
        }
        token = user["token"]
    except (OSError, ValueError, LookupError):
        return None
    return (
        f"curl -i {site}/api/transactions/ -H 'Content-Type: application/json' "
        f"-H 'Authorization: Token {token}' -d {shlex.quote(json.dumps(body))}"
    )
