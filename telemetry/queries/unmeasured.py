"""Built-in metrics that are not measured here, each with what to do about it."""

from collections.abc import Iterable
from importlib.util import find_spec

from telemetry.ingest.pairs import HTTP
from telemetry.journal.board import Snapshot

_NO_PSUTIL = (
    "Processor time, memory, open files and threads of processes, for want of psutil. "
    "Run python -m pip install psutil"
)
_NO_THREADS = (
    "The share of busy threads: this server does not say how many requests a process can answer at "
    'one time. Give TELEMETRY["WORKER_THREADS"]'
)


def found(boards: Iterable[Snapshot | None]) -> list[str]:
    """By what is installed, and by the boards of processes."""
    known = [board for board in boards if board is not None]
    serving = [board for board in known if any(unit.kind == HTTP for unit in board.running)]
    return [
        *([_NO_PSUTIL] if find_spec("psutil") is None else []),
        *([_NO_THREADS] if serving and not any(board.threads for board in known) else []),
    ]
