"""gunicorn or runserver over the smallest site, in a world's folder, and clients that ask it."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.site import ROOT, alive, free_port, wait_for
from tests.telemetry.faults.world import World

GUNICORN = ["-m", "gunicorn", "--threads=2"]
APPLICATION = "tests.telemetry.faults.wsgi:application"
# Not in the way of a test that kills workers as they come.
QUIET = ["--log-level=critical", "--worker-tmp-dir=/dev/shm", "--graceful-timeout=5"]


@dataclass(frozen=True)
class Answer:
    """What a client got. `uid` is the id of the request's unit of work."""

    status: int
    body: str
    uid: str
    seconds: float


class Server:
    """A program that serves the site on a port of its own."""

    def __init__(self, world: World, *arguments: str, program: str = "gunicorn") -> None:
        self.world = world
        self.port = free_port()
        if program == "gunicorn":
            named = any(":" in each for each in arguments)
            line = [*GUNICORN, *QUIET, f"--bind=127.0.0.1:{self.port}", *arguments]
            line += [] if named else [APPLICATION]
        else:
            line = [str(ROOT / "manage.py"), "runserver", f"127.0.0.1:{self.port}", *arguments]
        self._log = (world.folder / "server.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, *line],
            env=world.env, cwd=world.folder, stdout=self._log, stderr=self._log,
            start_new_session=True,
        )  # fmt: skip
        wait_for(self._answers, 30, "the server answers")

    @property
    def output(self) -> str:
        return Path(self._log.name).read_text(errors="replace")

    def workers(self) -> list[int]:
        """The pids below the one that was started."""
        return [child.pid for child in psutil.Process(self._process.pid).children()]

    def get(self, path: str, seconds: float = 30) -> Answer:
        """One request on a connection of its own; OSError when there is no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        began = time.monotonic()
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            body = reply.read().decode()
            uid = reply.headers.get("X-Request-ID", "")
            if not uid:
                raise ConnectionError("the answer was cut off")
            return Answer(reply.status, body, uid, time.monotonic() - began)
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def send(self, number: signal.Signals) -> None:
        """Send the server itself a signal."""
        self._process.send_signal(number)

    def wait(self, seconds: float = 20) -> int:
        """Its exit status, once it has ended."""
        return self._process.wait(seconds)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it and everything below it."""
        if self._process.poll() is None:
            below = psutil.Process(self._process.pid).children(recursive=True)
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
            for pid in [*(process.pid for process in below), self._process.pid]:
                if alive(pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            self._process.wait()
            wait_for(lambda: not any(alive(one.pid) for one in below), 10, "its workers end")
        self._log.close()

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.output
        with contextlib.suppress(OSError):
            return self.get("/healthz").status == 200
        return False


@contextlib.contextmanager
def serving(world: World, *arguments: str, program: str = "gunicorn") -> Iterator[Server]:
    """A server for the length of a block."""
    server = Server(world, *arguments, program=program)
    try:
        yield server
    finally:
        server.stop()


class Clients:
    """Threads that ask for one record after another, each a stream of its own, until stopped."""

    def __init__(self, server: Server, stream: str, count: int = 3, pause: float = 0.0) -> None:
        self.answers: list[Answer] = []
        self.failures = 0
        self._server = server
        self._pause = pause
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._ask, args=(f"{stream}-{number}",))
            for number in range(count)
        ]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int, seconds: float = 30) -> None:
        """Until so many more were answered."""
        target = len(self.answers) + count
        wait_for(lambda: len(self.answers) >= target, seconds, f"{count} more answers")

    def _ask(self, stream: str) -> None:
        number = 0
        ledger = self._server.world.ledger
        while not self._stopped.is_set():
            with self._lock:
                ledger.tried(stream, number)
            try:
                answer = self._server.get(f"/emit/{stream}/{number}/")
            except OSError:
                self.failures += 1
                # The port is nobody's for a moment when the last worker was killed.
                time.sleep(0.01)
            else:
                with self._lock:
                    self.answers.append(answer)
                    if answer.status == 200:
                        ledger.told(stream, number)
            number += 1
            time.sleep(self._pause)


def assert_each_has_a_row(world: World, answers: list[Answer]) -> None:
    """Every answered request has exactly one row (beside what the verdict says of its record)."""
    stored = [bytes(uid).hex() for (uid,) in world.rows("SELECT uid FROM telemetry_request")]
    assert len(stored) == len(set(stored))
    missing = {answer.uid for answer in answers} - set(stored)
    assert not missing, f"{len(missing)} of {len(answers)} answered requests have no row"
