"""`manage.py start`: prepares everything, then runs web, ingest and cluster under a supervisor."""

import argparse
import importlib.util
import os
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fintech import admin_user, prepare, welcome
from fintech.child import POSIX, Spec
from fintech.listen import ListenError, listen, url
from fintech.output import Output
from fintech.supervisor import Supervisor

MANAGE = str(Path(settings.BASE_DIR) / "manage.py")


class Command(BaseCommand):
    help = "Migrates, creates an admin user and demo data if missing, then serves the site."

    # Run by `handle`: from Django 6.1 on they open the databases, and would fail with a traceback.
    requires_system_checks: list[str] = []  # noqa: RUF012 - as Django declares it

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seed",
            action=argparse.BooleanOptionalAction,
            default=settings.DEBUG,
            help="make demo users when there are no accounts (default: only with FINTECH_DEBUG=1)",
        )
        parser.add_argument(
            "--cluster",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="run the django-q2 cluster for background tasks",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            listener = listen(settings.HOST, settings.PORT)
        except ListenError as error:
            raise CommandError(str(error)) from None
        with listener:
            prepare.connect()
            self.check()
            self._prepare(seed=options["seed"])
            specs = [_web(listener), _manage("ingest")]
            if options["cluster"]:
                specs.append(_manage("qcluster", name="cluster"))
            self._serve(specs)

    def _prepare(self, *, seed: bool) -> None:
        prepare.migrate()
        prepare.collect_static()
        password = admin_user.create_if_missing()
        if password is not None:
            self.stdout.write(
                f"Admin user created: {admin_user.USERNAME}\nPassword (shown this once): {password}"
            )
        if seed:
            prepare.seed()
        prepare.close_connections()
        self.stdout.flush()

    def _serve(self, specs: list[Spec]) -> None:
        output = Output([spec.name for spec in specs])
        welcome.when_ready(url(settings.HOST, settings.PORT), output.plain)
        Supervisor(specs, output.line).run()
        output.plain("Stopped.")


def _web(listener: socket.socket) -> Spec:
    if POSIX and importlib.util.find_spec("gunicorn"):
        conf = str(Path(settings.BASE_DIR) / "fintech" / "gunicorn_conf.py")
        number = listener.fileno()
        return Spec(
            "web",
            [sys.executable, "-m", "gunicorn", "-c", conf],
            env={**_environment(), "WEB_BIND": f"fd://{number}"},
            pass_fds=(number,),
        )
    # Django's own server opens the port itself.
    listener.close()
    return _manage("runserver", "--noreload", f"{settings.HOST}:{settings.PORT}", name="web")


def _manage(command: str, *arguments: str, name: str = "") -> Spec:
    return Spec(name or command, [sys.executable, MANAGE, command, *arguments], env=_environment())


def _environment() -> dict[str, str]:
    colour = {"FORCE_COLOR": "1"} if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else {}
    return {"TELEMETRY_INGEST": "external", **colour}
