"""`manage.py tail`: log records and finished requests as they happen."""

import time
from argparse import ArgumentParser
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telemetry import display, ingest
from telemetry.ingest.connection import StoreUnavailable
from telemetry.queries import filters
from telemetry.queries.logs import LogRow
from telemetry.queries.requests import RequestRow
from telemetry.queries.store import StoreUnavailableError, reading
from telemetry.queries.tail import Follower, Row, Wanted

_LOOK_SECONDS = 0.5
_COLOURS = {"DEBUG": "2", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31", "request": "36"}


class Command(BaseCommand):
    help = "Show log records and finished requests as they happen. Ctrl-C ends it."
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--level", help="this level and above: DEBUG, INFO, WARNING, …")
        parser.add_argument("--route", help="only this URL pattern, task or command")
        parser.add_argument("--transaction", help="only this transaction id")
        parser.add_argument("--since", default="1s", help="begin so far back: 30s, 15m, 1h")
        parser.add_argument("--for", type=float, metavar="SECONDS", help="end after so long")

    def handle(self, *args: Any, **options: Any) -> None:
        given = {name: options[name] for name in ("level", "route", "transaction", "since")}
        parsed = filters.parse({k: v for k, v in given.items() if v}, given)
        for name, problem in parsed.errors.items():
            raise CommandError(f"--{name}: {problem}")
        wanted = Wanted(parsed.filters.level, parsed.filters.route, parsed.filters.transaction)
        follower = Follower(wanted, parsed.filters.start or datetime.now(UTC))
        end = None if options["for"] is None else time.monotonic() + options["for"]
        try:
            self._follow(follower, end)
        except KeyboardInterrupt:
            return

    def _follow(self, follower: Follower, end: float | None) -> None:
        while True:
            # Where nobody ingests, whoever watches does; what is wrong then, reading says next.
            with suppress(StoreUnavailable):
                ingest.drain_if_free()
            try:
                with reading():
                    fresh = follower.fresh()
            except StoreUnavailableError as problem:
                raise CommandError(str(problem)) from None
            for row in fresh:
                self.stdout.write(self._line(row))
            self.stdout.flush()
            if end is not None and time.monotonic() >= end:
                return
            time.sleep(_LOOK_SECONDS)

    def _line(self, row: Row) -> str:
        label, text = _of_request(row) if isinstance(row, RequestRow) else _of_log(row)
        colour = _COLOURS.get(label.partition("+")[0])
        if colour and self.stdout.isatty() and self.style.SUCCESS("x") != "x":
            label = f"\x1b[{colour}m{label:<8}\x1b[0m"
        trace = (row.uid or "")[:32]
        return f"{display.clock(row.at)} {label:<8} {display.escaped(text)}  {trace}".rstrip()


def _of_log(row: LogRow) -> tuple[str, str]:
    fields = " ".join(f"{name}={value}" for name, value in row.attributes.items())
    return display.level_name(row.level), f"{row.logger} {row.message}  {fields}".rstrip()


def _of_request(row: RequestRow) -> tuple[str, str]:
    parts = [row.title, str(row.status or ""), display.duration(row.duration)]
    parts += [part for part in (row.outcome, row.error_type) if part]
    return "request", " ".join(parts)
