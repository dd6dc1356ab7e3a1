"""One supervised child process: how it is started, watched and ended."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Thread

POSIX = os.name == "posix"
# A child that lived this long was well: the next restart does not wait.
HEALTHY_SECONDS = 5.0
FIRST_DELAY, LONGEST_DELAY = 0.25, 4.0
# Whoever kills a child by a signal expects it back at once, however often; a crash loop does not.
LONGEST_DELAY_AFTER_SIGNAL = 0.5


@dataclass(frozen=True)
class Spec:
    """What to run: a short name for output, the command, and additions to the environment."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    # Descriptors that the child inherits under the same numbers (POSIX only).
    pass_fds: tuple[int, ...] = ()


class Child:
    """A process that can be started again and again; each line it prints goes to `emit`."""

    def __init__(self, spec: Spec, emit: Callable[[str, str], None]) -> None:
        self.spec = spec
        self.fast_ends = 0
        self._emit = emit
        self._process: subprocess.Popen[str] | None = None
        self._started = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Starts it in a session of its own; OSError when the command cannot be run.

        A terminal's Ctrl-C must not reach it: django-q2 can hang when its whole group is told to
        stop, so the supervisor alone tells each main process.
        """
        self._process = subprocess.Popen(
            self.spec.command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.spec.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=POSIX,
            pass_fds=self.spec.pass_fds,
        )
        self._started = time.monotonic()
        self._reader = Thread(target=self._pump, args=(self._process,), daemon=True)
        self._reader.start()

    def ended(self) -> int | None:
        """The exit status if it has ended (negative: killed by that signal), else None."""
        return self._process.poll() if self._process else None

    def delay(self, status: int) -> float:
        """Seconds to wait before the next start; grows while it keeps ending soon after one."""
        if time.monotonic() - self._started >= HEALTHY_SECONDS:
            self.fast_ends = 0
        wait = FIRST_DELAY * 2.0 ** min(self.fast_ends, 10) if self.fast_ends else 0.0
        self.fast_ends += 1
        return min(wait, LONGEST_DELAY_AFTER_SIGNAL if status < 0 else LONGEST_DELAY)

    def terminate(self) -> None:
        """Asks the main process to stop."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def sweep(self) -> None:
        """Kills whatever is left of its group: workers that outlived their parent hold the port."""
        if not self._process:
            return
        with contextlib.suppress(OSError):
            if POSIX:
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def wait(self) -> None:
        """Returns when it has ended and its last line is out; call it after `sweep`."""
        if self._process:
            self._process.wait()
            self._reader.join(timeout=1.0)

    def _pump(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self._emit(self.spec.name, line.rstrip("\r\n"))


def describe(status: int) -> str:
    """`was killed by SIGKILL`, or `ended with status 3`."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
