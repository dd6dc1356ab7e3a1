"""Ingest without a process of its own: a thread in the first web process that serves a request."""

import os
import threading
import time
from types import ModuleType

from telemetry.conf import settings

_TRY_SECONDS = 1.0
is_started = False


def at_first_request() -> None:
    """Start the thread, once a process, where `INGEST` is `auto` and no test runner is at work."""
    global is_started
    if is_started:
        return
    is_started = True
    from django.core import mail

    if settings.INGEST == "auto" and not hasattr(mail, "outbox"):
        threading.Thread(target=_serve, name="telemetry-ingest", daemon=True).start()


def _after_fork() -> None:
    # A preloading server's worker has the flag but not the thread.
    global is_started
    is_started = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _serve() -> None:
    from telemetry.ingest import election, notices, worker

    while True:
        try:
            _take_a_turn(election, worker)
        except Exception as error:
            notices.say(f"{type(error).__name__}: {error}; trying again.")
        time.sleep(_TRY_SECONDS)


def _take_a_turn(election: ModuleType, worker: ModuleType) -> None:
    seat = election.Election()
    if seat.acquire():
        try:
            worker.Worker().run(seat.is_asked_to_yield)
        finally:
            seat.release()
