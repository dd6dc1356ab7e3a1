"""What capture does with faults of its own: never raise, never log; count, and say so on stderr."""

import sys
import time
import traceback
from contextlib import suppress

from telemetry import display
from telemetry.capture import redact

_SECONDS_BETWEEN = 10.0
_LONGEST = 8_000
_last: dict[str, float] = {}


def say(what: str, text: str) -> None:
    """Tell stderr `text`, at most once in 10 s for each `what`."""
    now = time.monotonic()
    if now - _last.get(what, -_SECONDS_BETWEEN) < _SECONDS_BETWEEN:
        return
    _last[what] = now
    # Where stderr itself is broken there is nowhere left to say it.
    with suppress(Exception):
        sys.stderr.write(f"telemetry: {what}: {display.escaped(redact.text(text[:_LONGEST]))}\n")


def report(where: str) -> None:
    """Tell stderr of the exception being handled, at most once in 10 s for each place."""
    now = time.monotonic()
    if now - _last.get(where, -_SECONDS_BETWEEN) < _SECONDS_BETWEEN:
        return
    _last[where] = now
    try:
        # Its message may hold what the application was given.
        summary = redact.text(traceback.format_exc(limit=-3).strip()[:_LONGEST])
        sys.stderr.write(f"telemetry: {where} failed; the application goes on.\n{summary}\n")
    except Exception:  # noqa: S110 - stderr itself is broken: there is nowhere left to say it
        pass
