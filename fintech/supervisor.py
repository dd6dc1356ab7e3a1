"""Keeps a set of child processes running until it is told to stop."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from types import FrameType

from fintech.child import POSIX, Child, Spec, describe

GRACE_SECONDS = 10.0
_TICK_SECONDS = 0.1
_STOP_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Supervisor:
    """Starts the children, starts each again when it ends, and stops all of them on a signal.

    `emit(name, line)` receives the children's output and the supervisor's own remarks (under the
    child's name).
    """

    def __init__(self, specs: Sequence[Spec], emit: Callable[[str, str], None]) -> None:
        self._emit = emit
        self._children = [Child(spec, emit) for spec in specs]
        self._due: dict[Child, float] = {}
        self._stop = Event()
        self._signals = 0
        self._guard: subprocess.Popen[str] | None = None

    def run(self) -> None:
        """Blocks until SIGINT, SIGTERM or SIGHUP; a second signal skips the children's grace."""
        with self._signals_handled():
            self._start_guard()
            try:
                self._due = dict.fromkeys(self._children, 0.0)
                while not self._stop.is_set():
                    self._look()
                    self._stop.wait(_TICK_SECONDS)
            finally:
                self._stop_children()
                self._end_guard()

    def _look(self) -> None:
        now = time.monotonic()
        for child in self._children:
            due = self._due.get(child)
            if due is not None and now >= due:
                del self._due[child]
                self._start(child)
            elif due is None:
                self._check(child, now)

    def _start(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            delay = child.delay(1)
            self._emit(child.spec.name, f"cannot be started: {error}; next try in {delay:.1f} s")
            self._due[child] = time.monotonic() + delay
        else:
            self._tell_guard("+", child.pid)

    def _check(self, child: Child, now: float) -> None:
        status = child.ended()
        if status is None:
            return
        child.sweep()
        self._tell_guard("-", child.pid)
        delay = child.delay(status)
        again = f"starting it again in {delay:.1f} s" if delay else "starting it again"
        self._emit(child.spec.name, f"pid {child.pid} {describe(status)}; {again}")
        self._due[child] = now + delay

    def _stop_children(self) -> None:
        started = [child for child in self._children if child.pid and child not in self._due]
        for child in started:
            child.terminate()
        running = started
        deadline = time.monotonic() + GRACE_SECONDS
        while running and time.monotonic() < deadline and self._signals < 2:
            time.sleep(0.02)
            running = [child for child in running if child.ended() is None]
        for child in running:
            self._emit(child.spec.name, "did not stop in time and is killed")
        for child in started:
            child.sweep()
            child.wait()

    @contextlib.contextmanager
    def _signals_handled(self) -> Iterator[None]:
        def handle(number: int, frame: FrameType | None) -> None:
            self._signals += 1
            self._stop.set()

        before = {number: signal.signal(number, handle) for number in _STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start_guard(self) -> None:
        script = str(Path(__file__).with_name("guard.py"))
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", script],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=POSIX,
        )

    def _tell_guard(self, sign: str, pid: int) -> None:
        if self._guard is None or self._guard.stdin is None:
            return
        # Without a guard the children still run; only a killed supervisor would leave them behind.
        with contextlib.suppress(OSError):
            self._guard.stdin.write(f"{sign}{pid}\n")
            self._guard.stdin.flush()

    def _end_guard(self) -> None:
        for child in self._children:
            if child.pid:
                self._tell_guard("-", child.pid)
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(OSError):
                self._guard.stdin.close()
            self._guard.wait()
