"""`manage.py ingest`: reads the journal into the store. What production runs beside the site."""

import signal
import time
from argparse import ArgumentParser
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telemetry.conf import settings
from telemetry.ingest import notices, process, seats
from telemetry.ingest.connection import StoreUnavailable
from telemetry.ingest.election import Election, holder
from telemetry.ingest.worker import Worker

_STANDBY_SECONDS = 1.0
# What waits in the journal can wait; a request cannot. It still gets a tenth of a busy processor.
_NICE = 10


class Command(BaseCommand):
    help = (
        "Read the journal into the telemetry store, until stopped. Takes over from a web process."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="read what is there now, then exit")
        parser.add_argument(
            "--wait",
            type=float,
            default=30.0,
            metavar="SECONDS",
            help="how long the present holder may take to hand over (default 30)",
        )
        parser.add_argument(
            "--nice",
            type=int,
            default=_NICE,
            choices=range(20),
            metavar="0-19",
            help="how far to stand back for the site where it is kept waiting on processors that "
            f"nobody else wants (default {_NICE}; 0: an equal share at all times)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.INGEST == "off":
            raise CommandError('TELEMETRY["INGEST"] is "off": nothing is captured or ingested.')
        election = Election()
        if not election.demand(options["wait"]):
            pid = (holder() or {}).get("pid", "?")
            raise CommandError(
                f"process {pid} ingests and did not hand over within {options['wait']:g} s. "
                "Stop it, or try again with a longer --wait."
            )
        try:
            if options["once"]:
                self._once()
            else:
                self._serve(election, options["nice"])
        finally:
            election.release()

    def _once(self) -> None:
        worker = Worker()
        try:
            total = worker.drain()
        except StoreUnavailable as error:
            raise CommandError(f"nothing is lost, the journal keeps it: {error}") from error
        finally:
            worker.close()
        self.stdout.write(f"{total} records ingested.")

    def _serve(self, election: Election, nice: int) -> None:
        self._stop = False
        process.stand_back(nice)
        process.settle()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        notices.say(f"reading {settings.journal_dir}")
        # Whoever wants no less than the others does not want to sit in the back either.
        sit = seats.take_turns if nice else seats.sit_in_front
        while not self._stop:
            sit(_serve, lambda: self._stop or election.is_asked_to_yield())
            election.release()
            if not self._stop:
                notices.say("handed over on request; standing by")
            while not self._stop:
                time.sleep(_STANDBY_SECONDS)
                if election.acquire():
                    notices.say(f"reading {settings.journal_dir}")
                    break

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop = True


def _serve(should_stop: Callable[[], bool], batch: int | None) -> None:
    Worker(batch=batch).run(should_stop)
