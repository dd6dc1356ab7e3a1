"""Processes that take turns: all are there at once, and all but one are stopped."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
Answer = dict[str, Any]


class Player:
    """A process that answers to JSON commands, and does nothing at all between two of them.

    With `under` it is run by that command (valgrind), and not stopped in between.
    """

    def __init__(self, name: str, *module: str, under: tuple[str, ...] = ()) -> None:
        self.name = name
        self._is_stopped = not under
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            [*under, sys.executable, "-m", *module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )
        self.pid = self._process.pid
        self._read()
        self._signal(signal.SIGSTOP)

    def ask(self, **command: Any) -> Answer:
        """Let it go on, until it has answered; its failure ends the benchmark."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        self._signal(signal.SIGCONT)
        answer = self._read()
        self._signal(signal.SIGSTOP)
        return answer

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._complaints.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._is_stopped:
            self._process.send_signal(number)

    def _read(self) -> Answer:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._complaints.seek(0)
            raise SystemExit(f"{self.name} failed:\n{self._complaints.read().decode()}")
        answer: Answer = json.loads(line)
        return answer


class Subject:
    """A variant's site; telemetry's has its ingest beside it."""

    # What one process serves, about, in the second between two batches of ingest: it breathes for
    # twenty times what a batch took, a second at most, and so many take 1/20 s.
    READ_EVERY = 1_000

    def __init__(self, variant: str, folder: str) -> None:
        self._site = Player(variant, "bench.subject", variant, folder)
        observed = variant.startswith("telemetry")
        self._reader = Player("ingest", "bench.reader", variant, folder) if observed else None
        self._unread = self._ingest_cpu = 0.0

    def serve(self, requests: int) -> Answer:
        """One turn: its `cpu` in µs, the `walls` of its requests; `ingest_cpu` of one request.

        That is the newest look's, so that each turn has a share of it.
        """
        answer = self._site.ask(requests=requests)
        self._unread += requests
        if self._reader is not None and (self._unread >= self.READ_EVERY or not self._ingest_cpu):
            self._ingest_cpu = self._reader.ask()["cpu"] / self._unread
            self._unread = 0
        return answer | {"ingest_cpu": self._ingest_cpu}

    def finish(self) -> Answer:
        """The CPU of what was left to do, and what is `stored`, all of it."""
        answer = self._site.ask()
        if self._reader is not None:
            answer["stored"] = self._reader.ask(served=answer["served"])["stored"]
        return answer

    def close(self) -> None:
        """End its processes."""
        self._site.close()
        if self._reader is not None:
            self._reader.close()


@contextmanager
def subjects(variants: list[str]) -> Iterator[dict[str, Subject]]:
    """One for each variant, in a temporary folder of its own."""
    started: dict[str, Subject] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        try:
            for variant in variants:
                own = Path(folder) / variant
                own.mkdir()
                started[variant] = Subject(variant, str(own))
            yield started
        finally:
            for subject in started.values():
                subject.close()
