"""What `manage.py demo` does beside a running site: load, a check, pictures, addresses."""

import contextlib
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from django.conf import settings
from django.core.management import get_commands
from django.db import connections

from fintech import admin_user, welcome
from fintech.output import Output
from telemetry.queries import loadruns, store

_PATIENCE_SECONDS = 60.0
# The command that draws them; telemetry without matplotlib may lack it.
_RENDER = "render_dashboards"
# Ingest is a second behind, and looks for results every five.
_STORED_WITHIN_SECONDS = 30.0


@dataclass
class Plan:
    """How much load, on which site; `password` is the admin user's if it was made just now."""

    site: str
    seconds: int
    users: int
    password: str | None = None


class Demo:
    """Runs its steps in a thread while the supervisor has the main one."""

    def __init__(self, plan: Plan, output: Output) -> None:
        self._plan = plan
        self._output = output
        self._run = time.strftime("demo-%Y%m%d-%H%M%S", time.gmtime()) + f"-{secrets.token_hex(2)}"
        self._child: subprocess.Popen[str] | None = None
        self._stopped = Event()
        self._thread = Thread(target=self._steps, daemon=True)

    def start(self) -> None:
        """Begins; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ends what still runs. Call it when the site has stopped."""
        self._stopped.set()
        child = self._child
        if child is not None and child.poll() is None:
            with contextlib.suppress(OSError):
                child.kill()
        self._thread.join(timeout=5.0)

    def _steps(self) -> None:
        if not welcome.answers(self._plan.site, _PATIENCE_SECONDS):
            self._say(f"{self._plan.site} does not answer; the lines of `web` say why.")
            return
        self._say(
            f"{self._plan.users} users for {self._plan.seconds} s against {self._plan.site} "
            f"(gateway profile {os.environ['GATEWAY_PROFILE']})"
        )
        status = self._command("locust", [sys.executable, "-m", "locust", *self._load()])
        if status is None:
            return
        checked = "The load test failed; the lines of `locust` say why."
        if status == 0:
            checked = self._check()
        if _has_images():
            manage = str(Path(settings.BASE_DIR) / "manage.py")
            self._command("demo", [sys.executable, manage, _RENDER, "--since", "5m"])
        if not self._stopped.is_set():
            self._output.plain(self._summary(checked))

    def _load(self) -> list[str]:
        folder = settings.TELEMETRY["LOAD_RESULTS_DIR"]
        rate = self._plan.users / min(10, max(1, self._plan.seconds / 6))
        return [
            *("-f", str(Path(settings.BASE_DIR) / "loadtests" / "locustfile.py"), "--headless"),
            *("--users", str(self._plan.users), "--spawn-rate", f"{rate:g}"),
            *("--run-time", f"{self._plan.seconds}s", "--host", self._plan.site),
            *("--demo-users", str(Path(settings.DATA_DIR) / "demo-users.json")),
            *("--results", str(folder), "--run-id", self._run),
            *("--only-summary", "--exit-code-on-error", "0"),
        ]

    def _command(self, name: str, command: list[str]) -> int | None:
        """Runs a program to its end, its lines among the others; None when the demo was stopped."""
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            # A terminal's Ctrl-C goes to the supervisor, which ends the site first.
            start_new_session=os.name == "posix",
        )
        assert self._child.stdout is not None
        for line in self._child.stdout:
            self._output.line(name, line.rstrip())
        status = self._child.wait()
        if status and not self._stopped.is_set():
            self._say(f"{Path(command[1]).name} {command[2]} ended with status {status}")
        return None if self._stopped.is_set() else status

    def _check(self) -> str:
        """Waits until ingest has all of the run; says what locust counted and what is stored."""
        deadline = time.monotonic() + _STORED_WITHIN_SECONDS
        text = f"Load run {self._run}: nothing was stored of it."
        try:
            while not self._stopped.is_set():
                with store.reading():
                    run = loadruns.run(self._run)
                    complete = run is not None and run.is_complete
                    if run is not None and (complete or time.monotonic() >= deadline):
                        text = _equation(run, *loadruns.stored(self._run))
                if complete or time.monotonic() >= deadline:
                    break
                self._stopped.wait(0.5)
        except store.StoreUnavailableError as error:
            text = str(error)
        finally:
            connections.close_all()
        return text

    def _summary(self, checked: str) -> str:
        site, run = self._plan.site, self._run
        password = self._plan.password
        known = f"password {password}" if password else "`make password` sets and prints a password"
        images = [f"  Images     {site}/admin/telemetry/dashboard/"] if _has_images() else []
        lines = [
            "",
            checked,
            "",
            "Open these:",
            f"  Overview   {site}/admin/telemetry/",
            f"  Load run   {site}/admin/telemetry/loadrun/{run}/",
            *images,
            f"  API docs   {site}/api/docs/",
            f"Log in as {admin_user.USERNAME}: {known}.",
            "",
            "Ctrl-C stops everything.",
            "",
        ]
        return "\n".join(lines)

    def _say(self, text: str) -> None:
        self._output.line("demo", text)


def _has_images() -> bool:
    return _RENDER in get_commands()


def _equation(run: loadruns.RunRow, requests: int, traces: int) -> str:
    if run.client is None:
        return f"Load run {run.id}: stored {requests:,}, but locust left no result."
    total = run.client.total
    counted = total.requests
    if counted == requests == traces:
        return f"Every request has exactly one row: counted {counted:,}, stored {requests:,}."
    if run.is_complete and requests == traces:
        return (
            f"Every answered request has exactly one row: counted {counted:,}, "
            f"stored {requests:,}; {total.unanswered:,} got no answer, "
            f"{run.client.unfinished:,} were cut off at the end."
        )
    return (
        f"COUNTS DIFFER: counted {counted:,} ({total.unanswered:,} without an answer), "
        f"stored {requests:,} rows of {traces:,} requests. See `manage.py telemetry_status`."
    )
