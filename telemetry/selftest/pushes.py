"""The ways in: each takes a canary and sends it where an application would, by mistake."""

import json
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from django.core.management.base import BaseCommand
from django.http import HttpRequest

from telemetry.capture import commands, tasks
from telemetry.selftest import acts
from telemetry.selftest.canaries import Canary
from telemetry.selftest.site import Action, Site, quoted

HEADERS = (
    "User-Agent", "X-Request-ID", "traceparent", "tracestate", "baggage", "Authorization", "Cookie",
    "Idempotency-Key", "Referer", "X-Forwarded-For", "X-Api-Key",
)  # fmt: skip
_log = logging.getLogger("telemetry.selftest")
Push = Callable[[Site, Canary], None]


def _inside(act: Callable[[Canary], None]) -> Push:
    """In a view, while its request runs."""

    def push(site: Site, canary: Canary) -> None:
        site.visit(action=lambda request: act(canary))

    return push


def _exception(site: Site, canary: Canary) -> None:
    def act(request: HttpRequest) -> None:
        acts.fail(canary)

    site.visit(action=act)


def _fault(site: Site, canary: Canary) -> None:
    """An exception inside telemetry itself, with the canary in its message."""

    class User:
        @property
        def pk(self) -> str:
            raise ValueError(canary.text)

    site.visit(action=_as_user(User()))


def _as_user(user: object) -> Action:
    def act(request: HttpRequest) -> None:
        request.user = user  # type: ignore[assignment]

    return act


def _user(site: Site, canary: Canary) -> None:
    site.visit(action=_as_user(SimpleNamespace(pk=canary.text)))


def _query(site: Site, canary: Canary) -> None:
    pairs = "&".join(f"{quoted(name)}={quoted(text)}" for name, text in acts.fields(canary).items())
    site.visit(query=pairs)
    site.visit("/nowhere/", query=pairs)


def _path(site: Site, canary: Canary) -> None:
    site.visit(f"/open/{canary.text}/")
    site.visit(f"/nowhere/{canary.text}/")


def _header(name: str) -> Push:
    def push(site: Site, canary: Canary) -> None:
        value = canary.text
        if name == "baggage":
            value = f"load.run_id={quoted(canary.text)},load.level={canary.text}"
        elif name == "traceparent":
            value = f"00-{canary.text}-00f067aa0ba902b7-01"
        site.visit(headers={name: value})
        # As it is where the header itself says that it is a secret.
        site.visit(headers={name: canary.secret} if name in SECRET_HEADERS else {name: value})

    return push


SECRET_HEADERS = frozenset({"Authorization", "Cookie", "X-Api-Key", "Idempotency-Key"})


def _body(site: Site, canary: Canary) -> None:
    def act(request: HttpRequest) -> None:
        json.loads(request.body)
        _log.info("read")

    site.visit(action=act, body=json.dumps(acts.fields(canary)).encode())


def _task(site: Site, canary: Canary) -> None:
    """As django-q2 tells of a task: its name and arguments, and what a failure left as text."""
    failed = f'{canary.text} : Traceback (most recent call last):\n  File "x.py", line 1, in f\n'
    failed += f"ValueError: {canary.text}\n"
    for outcome in ({"success": True, "result": canary.text}, {"success": False, "result": failed}):
        task: dict[str, Any] = {
            "id": "1", "name": canary.text, "func": f"shop.tasks.pay {canary.text}",
            "args": (canary.text,), "kwargs": acts.fields(canary), "group": canary.text,
        }  # fmt: skip
        tasks.on_execute(None, None, task)
        _log.info("in a task")
        site.look_at_boards()
        tasks.on_executed(None, None, {**task, **outcome})


class _Command(BaseCommand):
    requires_system_checks: list[str] = []  # noqa: RUF012

    def handle(self, *args: Any, **options: Any) -> None:
        raise ValueError(options["canary"].text)


def _command(site: Site, canary: Canary) -> None:
    commands.install()
    try:
        _Command().execute(
            canary.text, canary=canary, no_color=True, force_color=False, skip_checks=True
        )
    except ValueError:
        site.look_at_boards()


def _outside(site: Site, canary: Canary) -> None:
    _log.warning("outside of any request: %s", canary.text, extra=acts.fields(canary))
    acts.counter.inc(given=canary.text)


def _access_line(site: Site, canary: Canary) -> None:
    """As runserver and a server's error log write a request."""
    line = f"GET /open/{quoted(canary.text)}/?{quoted(canary.key or 'q')}={canary.secret} HTTP/1.1"
    if canary.key:
        logging.getLogger("django.server").info('"%s" %s %s', line, "200", "12")
    logging.getLogger("django.server").info(
        '"%s" %s %s', f"GET /open/{quoted(canary.text)}/ HTTP/1.1", "404", "12"
    )
    logging.getLogger("gunicorn.error").error("Error handling request %s", f"/open/{canary.text}")


PUSHES: dict[str, Push] = {
    "log message": _inside(lambda canary: _log.info(canary.text)),
    "log argument": _inside(lambda canary: _log.warning("paid %s", canary.text)),
    "DEBUG message": _inside(lambda canary: _log.debug("paid %s", canary.text)),
    "extra": _inside(lambda canary: _log.info("with extra", extra=acts.fields(canary))),
    "extra key": _inside(lambda canary: _log.info("with extra", extra={canary.text: 1})),
    "sensitive key": _inside(
        lambda canary: _log.info("with extra", extra={f"{canary.text} token": 1})
    ),
    "nested": _inside(acts.nested),
    "JSON in a string": _inside(acts.embedded_json),
    "JSON, not ASCII": _inside(acts.ascii_json),
    "repr of objects": _inside(acts.represented),
    "cut texts": _inside(acts.long),
    "logger name": _inside(lambda canary: logging.getLogger(canary.text).info("named")),
    "logged exception": _inside(acts.logged_exception),
    "exception": _exception,
    "local variable": _inside(acts.local),
    "fault of telemetry": _fault,
    "user id": _user,
    "query string": _query,
    "path": _path,
    **{f"{name} header": _header(name) for name in HEADERS},
    "body": _body,
    "SQL": _inside(acts.sql),
    "metric label": _inside(acts.label),
    "bound field": _inside(acts.bound),
    "task": _task,
    "command": _command,
    "outside requests": _outside,
    "access line": _access_line,
}
