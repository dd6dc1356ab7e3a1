"""The result of a run: one JSON file, whose shape docs/loadtests.md describes."""

import json
import os
import platform
import secrets
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from loadtests.recorder import Collected, Recorder, Second
from loadtests.tally import Tally

# Raised when a reader of the last shape would misread the next.
SCHEMA = 1
_SUFFIX = ".json"
# A chart has at most about this many points.
_MOST_POINTS = 600


def build(recorder: Recorder, ended: float, about: dict[str, Any]) -> dict[str, Any]:
    """The result; `about` holds what the recorder does not know: host, options, how it ended."""
    found = recorder.collected
    seconds = max(ended - recorder.started, 0.001)
    total = Tally()
    for tally in found.endpoints.values():
        total.merge(tally)
    return {
        "schema": SCHEMA,
        "run": recorder.id,
        "started": moment(recorder.started),
        "ended": moment(ended),
        "duration": round(seconds, 3),
        **about,
        "sent": found.sent,
        "unfinished": max(0, found.sent - total.requests),
        "total": total.summary(seconds),
        "endpoints": [
            {"method": method, "name": name, **tally.summary(seconds)}
            for (method, name), tally in sorted(found.endpoints.items())
        ],
        "errors": [
            {"method": method, "name": name, "error": error, "count": count}
            for (method, name, error), count in found.errors.most_common()
        ],
        "series": series(found, seconds),
        "client": machine(),
    }


def series(found: Collected, duration: float) -> dict[str, Any]:
    """Points for charts: `at` is Unix time, `step` the seconds of each; silent ones are left out.

    A run of up to ten minutes has a point a second, a longer one a multiple of five seconds.
    """
    step = 1 if duration <= _MOST_POINTS else 5 * -(-int(duration) // (5 * _MOST_POINTS))
    merged: dict[int, Second] = {}
    for at, second in found.seconds.items():
        point = merged.setdefault(at // step * step, Second())
        point.tally.merge(second.tally)
        point.users = max(point.users, second.users)
    return {"step": step, "points": [_point(at, merged[at]) for at in sorted(merged)]}


def _point(at: int, second: Second) -> dict[str, Any]:
    times = second.tally.response_times()
    return {
        "at": at,
        "users": second.users,
        "requests": second.tally.requests,
        "failures": second.tally.failures,
        **{name: times[name] for name in ("avg", "p50", "p95", "max")},
    }


def machine() -> dict[str, Any]:
    """The machine that the clients ran on: a slow one is seen as a slow server."""
    return {
        "host": platform.node(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "locust": version("locust"),
        "cpus": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "load_average": [round(value, 2) for value in psutil.getloadavg()],
    }


def write(folder: Path, result: dict[str, Any]) -> Path:
    """Write the result at once or not at all; raises OSError. Returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{result['run']}{_SUFFIX}"
    draft = folder / f".{target.name}.{secrets.token_hex(4)}"
    try:
        draft.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def moment(seconds: float) -> str:
    """Unix time as RFC 3339 in UTC, to the millisecond."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def new_id() -> str:
    """A run's name that sorts by time."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + f"-{secrets.token_hex(2)}"
