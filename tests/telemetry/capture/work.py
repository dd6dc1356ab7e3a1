"""A management command and a task, run as Django and a django-q2 worker run them."""

import io
import logging
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django_q.signals import post_execute_in_worker, pre_execute


class Settle(BaseCommand):
    requires_system_checks = ()

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--crash", action="store_true")

    def handle(self, *args: Any, **options: Any) -> str:
        logging.getLogger("tests.work").warning("working")
        if options["crash"]:
            raise KeyError("broken")
        return "done"


# What a file of this name in management/commands would be called.
Settle.__module__ = "app.management.commands.settle"


def settle(**options: Any) -> Any:
    """Runs the command in this process."""
    return call_command(Settle(), stdout=io.StringIO(), **options)


class Worker:
    """A django-q2 worker with one task of its queue."""

    def __init__(self, func: str) -> None:
        self.task: dict[str, Any] = {"id": "t-1", "name": "blue-river", "func": func, "args": ()}

    def start(self) -> "Worker":
        pre_execute.send(sender="django_q", func=None, task=self.task)
        return self

    def end(self, success: bool = True, result: Any = None) -> None:
        self.task.update(success=success, result=result)
        post_execute_in_worker.send(sender="django_q", func=None, task=self.task)
