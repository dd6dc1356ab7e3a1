"""Stops the supervisor's children when the supervisor itself is killed.

A program of its own (standard library only), because nothing inside a killed process can clean up
after it. It reads lines `+PID` and `-PID` from the supervisor; end of input means that the
supervisor is gone: children still listed get SIGTERM, and after a while their groups SIGKILL.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 8.0


def follow() -> set[int]:
    """Reads until the end of input; returns the children that were still alive then."""
    alive: set[int] = set()
    for line in sys.stdin:
        change = alive.add if line.startswith("+") else alive.discard
        change(int(line[1:]))
    return alive


def exists(pid: int) -> bool:
    """Whether the process is there, as far as this user may know."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def stop(pids: set[int], grace: float) -> None:
    """SIGTERM to each process, and SIGKILL to its group when it is done or out of time."""
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(exists(pid) for pid in pids):
        time.sleep(0.05)
    if hasattr(os, "killpg"):
        for pid in pids:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, signal.SIG_IGN)
    stop(follow(), GRACE_SECONDS)
