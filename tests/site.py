"""The project as real processes on a free port, in a data folder of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = {"web": "gunicorn", "ingest": "ingest", "cluster": "qcluster", "guard": "guard.py"}


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true value of `condition`; AssertionError naming `what` when time is up."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return value


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data_dir: Path, **extra: str) -> dict[str, str]:
    """This process's environment for a program that works in `data_dir`."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fintech.settings",
        "FINTECH_DATA_DIR": str(data_dir),
        "WEB_WORKERS": "1",
        **extra,
    }


def manage(*arguments: str, env: Mapping[str, str], timeout: float = 60) -> Any:
    """Runs `manage.py` to its end; a CompletedProcess with text in stdout and stderr."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def prepare(data_dir: Path) -> Path:
    """Migrates both databases in the folder, creates the admin user and two demo users."""
    steps = [("migrate",), ("migrate", "--database", "telemetry"), ("password",)]
    for step in [*steps, ("seed_demo", "--users", "2")]:
        done = manage(*step, env=environment(data_dir))
        assert done.returncode == 0, done.stderr
    return data_dir


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie that nobody has waited for does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Site:
    """`manage.py start` in its own folder on its own port."""

    def __init__(self, data_dir: Path, env: Mapping[str, str]) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = environment(data_dir, **{"PORT": str(self.port), **env})
        self._log = data_dir / "start.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def output(self) -> str:
        """Everything that the supervisor and its children have printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def supervisor(self) -> psutil.Process:
        assert self._process is not None, "the site was not started"
        return psutil.Process(self._process.pid)

    def start(self, *arguments: str) -> None:
        """Starts it; `wait_ready` says when it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "start", *arguments],
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_ready(self, seconds: float = 30) -> None:
        """Returns when the site answers; fails with its output when it ends or does not."""

        def ready() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, self.output
            with contextlib.suppress(OSError):
                return self.get("/healthz").status == 200
            return False

        wait_for(ready, seconds, "the site answers")

    def child(self, name: str) -> psutil.Process | None:
        """The supervised process: `web` (gunicorn's master), `ingest`, `cluster` or `guard`."""
        word = COMMANDS[name]
        for process in self.supervisor.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                # A process that has not become its program yet still shows its parent's line.
                line = process.cmdline()
                if "start" not in line and any(Path(part).name == word for part in line):
                    return process
        return None

    def pids(self) -> set[int]:
        """The supervisor and everything below it."""
        family = self.supervisor.children(recursive=True)
        return {self.supervisor.pid, *(process.pid for process in family)}

    def get(self, path: str, **headers: str) -> Reply:
        """GET; `Authorization="Token …"` and the like as keywords."""
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> Reply:
        """POST of `body` as JSON."""
        head = {"Content-Type": "application/json", **headers}
        return self.send("POST", path, json.dumps(body).encode(), head)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request on a connection of its own; OSError when there is no answer."""
        request = urllib.request.Request(
            self.url + path, data=body, headers=dict(headers or {}), method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as reply:
                return Reply(reply.status, dict(reply.headers), reply.read())
        except urllib.error.HTTPError as error:
            return Reply(error.code, dict(error.headers), error.read())

    def manage(self, *arguments: str) -> Any:
        """Runs a management command in the site's data folder."""
        return manage(*arguments, env=self.env)

    def demo_users(self) -> Any:
        """The list in demo-users.json: username, token, accounts."""
        return json.loads((self.data_dir / "demo-users.json").read_text(encoding="utf-8"))

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> int:
        """Sends the supervisor a signal and waits for its end; the exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=30)

    def stop(self) -> None:
        """Ends it, by force if need be; harmless when it was not started or has ended."""
        if self._process is None or self._process.poll() is not None:
            return
        try:
            self.interrupt(signal.SIGTERM)
        except subprocess.TimeoutExpired:
            for pid in self.pids():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait()
