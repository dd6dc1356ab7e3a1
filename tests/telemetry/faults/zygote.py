"""Forks processes that are set up already: a kill costs milliseconds, not a start of Python.

As a program (`python -m tests.telemetry.faults.zygote`) it reads one JSON object a line and answers
each with one: `{"job", "folder", "telemetry", "options"}` → `{"pid"}`; `{"wait", "seconds"}` →
`{"status"}`, negative for a signal, null when it still runs. `Zygote` is the other end.
"""

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.site import ROOT


class Zygote:
    """The program, as a child of this process."""

    def __init__(self, folder: Path) -> None:
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.telemetry.faults.settings",
            "FAULTS_DIR": str(folder),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.telemetry.faults.zygote"],
            cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def start(self, job: str, folder: Path, telemetry: dict[str, Any], options: Any) -> int:
        """Run a function of `jobs` in a process of its own; returns its pid."""
        asked = {"job": job, "folder": str(folder), "telemetry": telemetry, "options": options}
        return int(self._ask(asked)["pid"])

    def wait(self, pid: int, seconds: float) -> int | None:
        """The exit status; minus the signal's number; None when the time is up."""
        status: int | None = self._ask({"wait": pid, "seconds": seconds})["status"]
        return status

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def serve() -> None:
    """The program."""
    import django

    django.setup()
    # What children import first is then imported once.
    from tests.telemetry.faults import jobs

    children: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            answer: dict[str, Any] = {"status": _wait(request["wait"], request["seconds"])}
            if answer["status"] is not None:
                children.discard(request["wait"])
        else:
            pid = _fork(jobs, request)
            children.add(pid)
            answer = {"pid": pid}
        print(json.dumps(answer), flush=True)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _fork(jobs: Any, request: dict[str, Any]) -> int:
    """The pid of a child that has begun: it takes signals as any program does.

    A signal that came sooner met what the child has inherited: SIGINT ignored, it may be.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _become(jobs, request, writing)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    return pid


def _wait(pid: int, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            return None
        time.sleep(0.001)


def _become(jobs: Any, request: dict[str, Any], begun: int) -> None:
    folder = Path(request["folder"])
    # Whoever started the tests may have had them ignored, as nohup and a shell's `&` do.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    # The pipes are the parent's.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    status = 70
    try:
        os.close(begun)
        jobs.move_to(folder, request["telemetry"])
        status = getattr(jobs, request["job"])(folder, **request["options"]) or 0
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
