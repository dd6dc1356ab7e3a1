"""What ingest has to say while it runs: on stderr, since logging would come back to it."""

import sys
import time

from telemetry import display

_SECONDS_BETWEEN = 10.0
_last: dict[str, float] = {}


def say(message: str) -> None:
    """Print one line; the same one at most every 10 s."""
    now = time.monotonic()
    if now - _last.get(message, -_SECONDS_BETWEEN) >= _SECONDS_BETWEEN:
        _last.clear()
        _last[message] = now
        print(f"telemetry ingest: {display.escaped(message)}", file=sys.stderr, flush=True)
