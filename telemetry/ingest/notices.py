"""What ingest has to say while it runs: on stderr, since logging would come back to it."""

import sys
import time

from telemetry import display

_SECONDS = 10.0
_LINES = 20
# What was said in the last seconds, and when.
_last: dict[str, float] = {}
_MORE = "more of such messages are left out"


def say(message: str) -> None:
    """Print one line: each at most every 10 s, and no more than 20 different ones in that time."""
    now = time.monotonic()
    for old in [text for text, at in list(_last.items()) if now - at >= _SECONDS]:
        _last.pop(old, None)
    if message in _last or len(_last) > _LINES:
        return
    if len(_last) == _LINES:
        message = _MORE
    _last[message] = now
    try:
        print(f"telemetry ingest: {display.escaped(message)}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        # Nobody reads it any more, or it is closed: no reason to stop reading the journal.
        return
