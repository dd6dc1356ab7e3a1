"""`manage.py trace ID`: everything of one transaction, trace or request, in order of time."""

import getpass
import logging
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telemetry import ingest, report
from telemetry.capture import audit
from telemetry.capture.requests import client_network
from telemetry.ingest.connection import StoreUnavailable
from telemetry.queries import traces, transactions
from telemetry.queries.store import StoreUnavailableError, reading


class Command(BaseCommand):
    help = "Print everything of a transaction, a trace or a request in order of time."
    # An id is asked for at 3 am: no check of the project should stand in the way.
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "id", help="a trace id, a traceparent header, a request id or a transaction id"
        )
        parser.add_argument("--format", choices=report.FORMATS, default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        _drain()
        try:
            with reading():
                found = _find(options["id"])
        except StoreUnavailableError as problem:
            raise CommandError(str(problem)) from None
        if found is None:
            asked = report.one_line(options["id"])
            raise CommandError(
                f"No trace, request or transaction has the id {asked}. "
                "`manage.py telemetry_status` tells up to when the data goes."
            )
        if found.kind == "transaction":
            _audit(found.id)
        self.stdout.write(report.FORMATS[options["format"]](found))


def _find(text: str) -> report.Subject | None:
    found = traces.find(text)
    if found is None:
        return None
    if found.kind == "transaction":
        dossier = transactions.dossier(found.value)
        return report.Subject("transaction", dossier.id, dossier.units, dossier.timeline)
    trace = traces.trace(found.value)
    if trace is None:
        return None
    return report.Subject("trace", trace.id, trace.units, trace.timeline)


def _audit(transaction_id: str) -> None:
    came_from = os.environ.get("SSH_CLIENT", "").partition(" ")[0]
    audit.record(
        logging.INFO,
        "Transaction viewed",
        {
            "audit.action": "transaction.view",
            "transaction.id": transaction_id,
            "process.owner": _owner(),
            "client.address": client_network(came_from),
        },
    )


def _owner() -> str:
    """The user of the operating system; not by what the environment says, where there is a way."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except ImportError:
        return getpass.getuser()
    except KeyError:
        return str(os.getuid())


def _drain() -> None:
    """Read what waits in the journal, when nobody else does; an old answer beats none."""
    try:
        ingest.drain_if_free()
    except StoreUnavailable:
        # Reading says next what is wrong, with the command that mends it.
        return
