"""Where a process kills itself: before or after a named step, or at a line of the real code.

Production code knows nothing of it. A named point is a function that is wrapped while it is armed;
a line is found by tracing. `survey` instead of a place counts how often each line is reached.
"""

import functools
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, Literal, NamedTuple, TypedDict

from tests.site import ROOT


class Plan(TypedDict, total=False):
    """Exactly one of `point` (at its `nth` time), `line` (`file:number`, at its `hit`-th time) and
    `survey` (the file that the counts go to). `within`: folders whose lines are looked at."""

    point: str
    nth: int
    line: str
    hit: int
    survey: str
    within: list[str]


class Seam(NamedTuple):
    """A function, and the side of it that the process dies on."""

    target: str
    # Halfway: `os.write` has written half of its bytes.
    side: Literal["before", "after", "halfway"]
    # Only calls whose arguments say this.
    mentions: str = ""


INGEST: dict[str, Seam] = {
    "registration: before": Seam("telemetry.ingest.sources:register", "before"),
    "registration: before its commit": Seam("telemetry.ingest.sources:register", "after"),
    "batch: read, not begun": Seam("telemetry.ingest.batch:Batches.store", "before"),
    "batch: before the inserts": Seam("telemetry.ingest.rows:Rows.write", "before"),
    "batch: between inserts and position": Seam("telemetry.ingest.rows:Rows.write", "after"),
    "batch: between position and log files": Seam("telemetry.ingest.batch:_advance", "after"),
    "batch: before log files": Seam("telemetry.ingest.logfiles:LogFiles.append", "before"),
    "batch: between log files and commit": Seam(
        "telemetry.ingest.logfiles:LogFiles.append", "after"
    ),
    "batch: after commit": Seam("telemetry.ingest.logfiles:LogFiles.commit", "before"),
    "batch: after log files are settled": Seam(
        "telemetry.ingest.logfiles:LogFiles.commit", "after"
    ),
    "log files: after one is opened": Seam("telemetry.ingest.logfiles:_File.__init__", "after"),
    "log files: before one is appended": Seam("telemetry.ingest.logfiles:_File.append", "before"),
    "log files: one of two is appended": Seam("telemetry.ingest.logfiles:_File.append", "after"),
    "log files: half written": Seam("os:write", "halfway", "severity_text"),
    "log files: before rotation": Seam("telemetry.ingest.logfiles:LogFiles._rotate", "before"),
    "log files: after rotation": Seam("telemetry.ingest.logfiles:LogFiles._rotate", "after"),
    "log files: before compression": Seam("telemetry.ingest.logrotation:compress", "before"),
    "log files: in compression": Seam("shutil:copyfileobj", "after"),
    "log files: compressed, both there": Seam("pathlib:Path.unlink", "before", ".jsonl"),
    "archive: before": Seam("telemetry.ingest.archive:keep", "before"),
    "archive: half written": Seam("os:write", "halfway", "\\x1f\\x8b"),
    "archive: kept, segment there": Seam("telemetry.ingest.archive:keep", "after"),
    "archive: before it is trimmed": Seam("telemetry.ingest.archive:trim", "before"),
    "segment: before removal": Seam("pathlib:Path.unlink", "before", ".seg"),
    "segment: removed, not committed": Seam("pathlib:Path.unlink", "after", ".seg"),
    "process: before it is closed": Seam("telemetry.ingest.retire:finish_process", "before"),
    "process: closed, not committed": Seam("telemetry.ingest.retire:finish_process", "after"),
    "process: a died request's row": Seam("telemetry.ingest.died:_add", "after"),
    "board: before removal": Seam("telemetry.ingest.retire:remove_board", "before"),
    "board: removed": Seam("telemetry.ingest.retire:remove_board", "after"),
    "gauges: before": Seam("telemetry.ingest.sampling:Sampler.record", "before"),
    "retention: before a pass": Seam("telemetry.retention.upkeep:Upkeep.pass_", "before"),
    "lock: taken": Seam("telemetry.ingest.election:Election.acquire", "after"),
}

WRITER: dict[str, Seam] = {
    "segment: made, without its name": Seam("os:rename", "before", ".seg"),
    "segment: made, empty": Seam("telemetry.journal.segment:Segment.__init__", "after"),
    "board: made, without its name": Seam("os:rename", "before", ".board"),
    "board: made": Seam("telemetry.journal.board:Board.__init__", "after"),
    "record: encoded, not written": Seam("telemetry.journal.segment:Segment.append", "before"),
    "record: written, not counted": Seam("telemetry.journal.segment:Segment.append", "after"),
    "record: counted": Seam("telemetry.journal.writer:Journal.append", "after"),
    "rotation: before": Seam("telemetry.journal.segment:Segment.close", "before"),
    "rotation: after": Seam("telemetry.journal.segment:Segment.close", "after"),
}
TORN = {"record: half written": Seam("os:write", "halfway", "oracle.id")}
POINTS = {**INGEST, **WRITER, **TORN}
_undo: list[Callable[[], None]] = []


def kill_self() -> None:
    """kill -9, as from outside: nothing is flushed, closed or said."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(plan: Plan | None) -> None:
    """From now on the process dies where the plan says."""
    if not plan:
        return
    if "point" in plan:
        _wrap(POINTS[plan["point"]], plan.get("nth", 1))
    else:
        _trace(plan)


def disarm() -> None:
    """The process lives on; a survey is written to its file."""
    while _undo:
        _undo.pop()()


def _wrap(seam: Seam, nth: int) -> None:
    module, _, path = seam.target.partition(":")
    holder: Any = import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        holder = getattr(holder, part)
    original = getattr(holder, name)
    left = nth

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        here = not seam.mentions or seam.mentions in _said(args)
        left -= here
        if here and left == 0 and seam.side != "after":
            if seam.side == "halfway":
                original(args[0], bytes(args[1])[: len(args[1]) // 2])
            kill_self()
        result = original(*args, **kwargs)
        if here and left == 0:
            kill_self()
        return result

    setattr(holder, name, wrapped)
    _undo.append(lambda: setattr(holder, name, original))


def _said(args: tuple[Any, ...]) -> str:
    return repr([bytes(arg) if isinstance(arg, memoryview) else arg for arg in args])


def _trace(plan: Plan) -> None:
    folders = tuple(str(ROOT / folder) for folder in plan["within"])
    reached: Counter[str] = Counter()
    place, hit = plan.get("line"), plan.get("hit", 1)

    def local(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            name = frame.f_code.co_filename[len(str(ROOT)) + 1 :]
            here = f"{name}:{frame.f_lineno}"
            reached[here] += 1
            if here == place and reached[here] == hit:
                kill_self()
        return local

    def look(frame: FrameType, event: str, arg: Any) -> Any:
        return local if frame.f_code.co_filename.startswith(folders) else None

    def finish() -> None:
        sys.settrace(None)
        if "survey" in plan:
            Path(plan["survey"]).write_text(json.dumps(reached))

    _undo.append(finish)
    sys.settrace(look)
