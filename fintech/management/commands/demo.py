"""`manage.py demo`: the whole site under load for a minute, with pictures of it; then it stays."""

import os
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser

from fintech import admin_user, env, prepare
from fintech.child import Spec
from fintech.demo import Demo, Plan
from fintech.listen import url
from fintech.management.commands import start
from fintech.output import Output
from fintech.supervisor import Supervisor

PROFILE = "realistic"


class Command(start.Command):
    help = "Starts the site, drives a load test against it, draws its dashboards, and stays."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(seed=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            seconds = env.integer("DEMO_SECONDS", 60, minimum=1, maximum=86_400)
            users = env.integer("DEMO_USERS", 30, minimum=1, maximum=10_000)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        self.plan = Plan(url(settings.HOST, settings.PORT), seconds, users)
        # For the children: this process has read its settings already.
        os.environ.setdefault("GATEWAY_PROFILE", PROFILE)
        super().handle(*args, **options)

    def _prepare(self, *, seed: bool) -> None:
        # Before `start` would: the password is shown at the end, below everything that scrolls by.
        prepare.migrate()
        self.plan.password = password = admin_user.create_if_missing()
        if password is not None:
            self.stdout.write(f"Admin user created: {admin_user.USERNAME}\nPassword: {password}")
        super()._prepare(seed=seed)

    def _serve(self, specs: list[Spec]) -> None:
        output = Output([*(spec.name for spec in specs), "locust", "demo"])
        demo = Demo(self.plan, output)
        demo.start()
        Supervisor(specs, output.line).run()
        demo.stop()
        output.plain("Stopped.")
