"""One data folder, the processes that work in it, and the verdict on what they have left."""

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.site import ROOT, manage, wait_for
from tests.telemetry.faults import oracle
from tests.telemetry.faults.ledger import Ledger
from tests.telemetry.faults.zygote import Zygote

SECONDS = 60.0


class World:
    """A migrated store (unless `template` is None), an empty journal, and a ledger."""

    def __init__(
        self, zygote: Zygote, folder: Path, template: Path | None, **telemetry: Any
    ) -> None:
        self.folder = folder
        self.telemetry = telemetry
        self.ledger = Ledger(folder / "notes")
        self._zygote = zygote
        self._running: set[int] = set()
        self._probes = 0
        # Processes that were ended where they stood.
        self.killed = 0
        (folder / "db").mkdir(parents=True)
        if template is not None:
            shutil.copy(template, self.store)

    @property
    def store(self) -> Path:
        return self.folder / "db" / "telemetry.sqlite3"

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def output(self) -> str:
        """What its processes have printed."""
        path = self.folder / "output"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def env(self) -> dict[str, str]:
        """For programs that are started afresh in this folder."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.telemetry.faults.settings",
            "FAULTS_DIR": str(self.folder),
            "FAULTS_TELEMETRY": json.dumps(self.telemetry),
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }

    def start(self, job: str, **options: Any) -> int:
        """Start a function of `jobs` in a process of its own."""
        pid = self._zygote.start(job, self.folder, self.telemetry, options)
        self._running.add(pid)
        return pid

    def wait(self, pid: int, seconds: float = SECONDS) -> int:
        """Its exit status, negative for a signal."""
        status = self._zygote.wait(pid, seconds)
        assert status is not None, f"still running after {seconds} s:\n{self.output[-3000:]}"
        self._running.discard(pid)
        return status

    def run(self, job: str, **options: Any) -> int:
        """Start it and wait for its end."""
        return self.wait(self.start(job, **options))

    def kill(self, pid: int, number: signal.Signals = signal.SIGKILL) -> int:
        """Send it a signal and wait for its end."""
        self.strike(pid, number)
        return self.wait(pid)

    def strike(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to a process that need not be one that was started here."""
        self.killed += 1
        os.kill(pid, number)

    def write(self, stream: str, count: int, **options: Any) -> None:
        """A process that emits so many records of the stream and ends."""
        status = self.run("write", stream=stream, count=count, **options)
        assert status == 0, self.output[-3000:]

    def manage(self, *arguments: str) -> Any:
        """Runs manage.py in this folder; a CompletedProcess."""
        return manage(*arguments, env=self.env)

    def status(self) -> dict[str, Any]:
        """What `telemetry_status --json` says."""
        assert self.run("status") == 0, self.output[-3000:]
        found: dict[str, Any] = json.loads((self.folder / "status.json").read_text())
        return found

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The store's answer to a plain statement."""
        with closing(sqlite3.connect(self.store)) as db:
            return db.execute(sql, parameters).fetchall()

    def until(self, condition: Callable[["World"], Any], what: str, seconds: float = 30) -> Any:
        """The first true value of `condition`; AssertionError naming `what` when time is up."""
        return wait_for(lambda: condition(self), seconds, what)

    def until_said(self, text: str) -> None:
        """Until one of its processes has printed the text."""
        self.until(lambda world: text in world.output, f"somebody says {text!r}")

    def until_ingested(self) -> None:
        """Until no segment is left, while somebody ingests and nobody writes."""
        self.until(lambda world: not list(world.journal.glob("*.seg")), "all is ingested")

    def settle(self, *allowed: str) -> oracle.Verdict:
        """The fault is over: a fresh probe is emitted, all is ingested, and judged."""
        self.close()
        self._probes += 1
        self.write(f"probe-{self._probes}", 1)
        assert self.run("ingest") == 0, self.output[-3000:]
        return self.judge(*allowed)

    def judge(self, *allowed: str) -> oracle.Verdict:
        """The verdict on what is stored now."""
        logs = self.folder / "logs"
        return oracle.judge(
            self.ledger, self.store, logs, self.status(), frozenset(allowed), self.killed
        )

    def close(self) -> None:
        """End what still runs."""
        for pid in list(self._running):
            self.kill(pid)
