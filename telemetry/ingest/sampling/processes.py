"""Processor time, memory, open files and threads of processes, asked for from outside by psutil.

psutil is an optional extra: without it nothing of this is measured, and the status says so.
"""

import os
from collections.abc import Mapping
from typing import Any

from telemetry.ingest import builtin
from telemetry.ingest.own import Labels
from telemetry.ingest.sampling.readings import Reading
from telemetry.journal.board import Snapshot

try:
    import psutil
except ImportError:
    psutil = None  # type: ignore[assignment]

INGEST: Labels = (("role", "ingest"), ("worker", "1"))
# A board is made a moment after its process; one made before is another process's. Seconds.
_SPARE = 2.0
# Processor time of less than this is added up to what comes later. Seconds.
_LEAST_CPU = 0.5
_MODES = ("user", "system")
_Key = tuple[int, float]


class Processes:
    """Those that have a board, and ingest itself."""

    def __init__(self) -> None:
        # (pid, start) → processor seconds that are in the store, and those seen last.
        self._counted: dict[_Key, dict[str, float]] = {}
        self._seen: dict[_Key, tuple[Labels, dict[str, float]]] = {}
        self._taken: list[tuple[_Key, str, float]] = []

    def readings(self, known: Mapping[int, tuple[Snapshot, Labels]]) -> list[Reading]:
        """Memory, open files and threads of each; those that may not be asked are left out."""
        if psutil is None:
            return []
        found: list[Reading] = []
        seen: dict[_Key, tuple[Labels, dict[str, float]]] = {}
        asked = {pid: (labels, board.started) for pid, (board, labels) in known.items()}
        asked.setdefault(os.getpid(), (INGEST, 0))
        for pid, (labels, started) in asked.items():
            try:
                process = psutil.Process(pid)
                key = pid, process.create_time()
                if not started or key[1] <= started / 1_000_000 + _SPARE:
                    cpu, values = _ask(process)
                    seen[key] = labels, cpu
                    found += [Reading(name, labels, value) for name, value in values.items()]
            except (psutil.Error, OSError):
                # Ended meanwhile, or another user's.
                continue
        self._seen = seen
        self._counted = {key: self._counted.get(key, cpu) for key, (_, cpu) in seen.items()}
        return found

    def increments(self) -> list[Reading]:
        """Processor seconds since the last ones that were stored, where they are worth a row."""
        self._taken = [
            (key, mode, cpu[mode])
            for key, (_, cpu) in self._seen.items()
            for mode in _MODES
            if cpu[mode] - self._counted[key][mode] >= _LEAST_CPU
        ]
        return [
            Reading(
                builtin.CPU_TIME,
                tuple(sorted((*self._seen[key][0], ("mode", mode)))),
                until - self._counted[key][mode],
            )
            for key, mode, until in self._taken
        ]

    def settle(self) -> None:
        """The increments are stored."""
        for key, mode, until in self._taken:
            self._counted[key] = {**self._counted[key], mode: until}
        self._taken = []


def _ask(process: Any) -> tuple[dict[str, float], dict[str, float]]:
    with process.oneshot():
        times = process.cpu_times()
        values = {
            builtin.MEMORY: float(process.memory_info().rss),
            builtin.PROCESS_THREADS: float(process.num_threads()),
        }
        # Windows counts handles instead.
        if hasattr(process, "num_fds"):
            values[builtin.OPEN_FILES] = float(process.num_fds())
    return {"user": times.user, "system": times.system}, values
