"""The bench's site as real processes: gunicorn with two workers, and ingest beside them."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# gunicorn's default worker, a request a connection: with kept connections, as the project's own
# configuration has them, all may end up at one of the two.
GUNICORN = (
    "--workers 2 --worker-class sync --log-level warning"
    " --no-control-socket --worker-tmp-dir /dev/shm bench.shop.wsgi:application"
)
URL = "/shops/7/orders/"
_TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """One variant's site, on a port and in a folder of its own."""

    def __init__(self, variant: str, folder: Path) -> None:
        self.variant = variant
        self.folder = folder
        self.port = _free_port()
        self._complaints = (folder / "stderr.txt").open("w")
        self._env = os.environ | {
            "BENCH_VARIANT": variant,
            "BENCH_FOLDER": str(folder),
            "DJANGO_SETTINGS_MODULE": "bench.shop.settings",
        }
        self._ingest: subprocess.Popen[bytes] | None = None
        prepare = self._run("-c", "from bench.shop.wsgi import prepare; prepare()")
        if prepare.wait():
            raise SystemExit(f"{variant} has no tables:\n{self.complaints()}")
        bind = f"127.0.0.1:{self.port}"
        self._web = self._run("-m", "gunicorn", "--bind", bind, *GUNICORN.split())
        if variant == "telemetry":
            self._ingest = self._run("-m", "django", "ingest")
        self._wait_until_it_answers()

    def settle(self) -> float:
        """Wait until ingest has read all there is; how many seconds that took."""
        began = time.monotonic()
        if self._ingest is None:
            return 0.0
        idle_since, spent = began, _cpu(self._ingest.pid)
        while time.monotonic() - idle_since < 1.0:
            time.sleep(0.1)
            if (now := _cpu(self._ingest.pid)) - spent > 0.02:
                idle_since, spent = time.monotonic(), now
        return idle_since - began

    def close(self) -> None:
        """Stop its processes, the web before ingest."""
        for process in (self._web, self._ingest):
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._complaints.close()

    def check(self, answered: int) -> str:
        """What telemetry stored, once closed; SystemExit when it is not what was answered."""
        status = self._run("-m", "django", "telemetry_status", stdout=subprocess.PIPE)
        said = status.communicate()[0].decode()
        with closing(sqlite3.connect(self.folder / "telemetry.sqlite3")) as db:
            stored = db.execute("SELECT count(*) FROM telemetry_request").fetchone()[0]
        # Those that the client did not wait for, at the end of a run, are stored as well.
        if status.returncode or not answered <= stored <= answered * 1.02 + 100:
            raise SystemExit(f"{stored} requests stored, {answered} answered:\n{said}")
        return f"{stored:,} requests stored, {answered:,} answered and waited for"

    def complaints(self) -> str:
        """What its processes wrote to stderr."""
        return (self.folder / "stderr.txt").read_text()

    def _run(self, *arguments: str, stdout: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self._env,
            stdout=stdout,
            stderr=subprocess.DEVNULL if self._complaints.closed else self._complaints,
        )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if self._web.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{self.variant}: {self.complaints()}") from None
                time.sleep(0.05)
            else:
                return


@contextmanager
def servers(variants: tuple[str, ...], folder: Path) -> Iterator[dict[str, Server]]:
    """Running ones; stopped in the end, whatever happens."""
    started: dict[str, Server] = {}
    try:
        for variant in variants:
            own = folder / variant
            own.mkdir()
            started[variant] = Server(variant, own)
        yield started
    finally:
        for server in started.values():
            server.close()


def needed(program: str) -> str:
    """The program's path; SystemExit where it is not installed."""
    found = shutil.which(program)
    if found is None:
        raise SystemExit(f"{program} is needed: apt install {program}")
    return found


def _cpu(pid: int) -> float:
    # Seconds, user and system.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
