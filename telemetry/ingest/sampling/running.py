"""What runs at this moment, by the boards of living processes: requests, and threads for them."""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from telemetry.conf import settings
from telemetry.ingest import builtin
from telemetry.ingest.own import Labels
from telemetry.ingest.pairs import HTTP
from telemetry.ingest.sampling.readings import Reading
from telemetry.journal import boards, reader
from telemetry.journal.board import Snapshot

_ROLES = "SELECT writer, role FROM telemetry_process WHERE ended IS NULL"
# More than any process has: a damaged board.
_MOST_THREADS = 100_000


class Living(NamedTuple):
    """A process that lives: its writer's id, what it calls itself, and its board."""

    writer: str
    role: str
    board: Snapshot

    @property
    def threads(self) -> int:
        """Requests that it can answer at one time; 0: it does not say."""
        return self.board.threads if self.board.threads < _MOST_THREADS else 0

    @property
    def requests(self) -> int:
        """Requests that it is answering, telemetry's own pages aside."""
        own = settings.self_paths
        return self.board.overflow + sum(
            unit.kind == HTTP and not unit.path.startswith(own) for unit in self.board.running
        )

    @property
    def busy(self) -> int:
        """Requests that keep a thread, telemetry's own pages too."""
        return self.board.overflow + sum(unit.kind == HTTP for unit in self.board.running)


def living(db: sqlite3.Connection, folder: Path) -> list[Living]:
    """The processes whose boards are locked by them, in order of their start."""
    roles = {bytes(writer).hex(): role for writer, role in db.execute(_ROLES)}
    found = []
    for path in reader.boards(folder):
        board = boards.read(path)
        # After reading: a process that died in between does not count.
        if board is not None and boards.is_alive(path):
            writer = reader.writer(path)
            # Nothing of a new process has been read yet: its role comes with its first record.
            found.append(Living(writer, roles.get(writer) or "new", board))
    return sorted(found, key=lambda each: (each.board.started, each.writer))


class Places:
    """Gives each process a number within its role: the lowest that is free.

    So the labels are as many as processes run at one time, however often they are replaced.
    """

    def __init__(self) -> None:
        self._places: dict[str, tuple[str, int]] = {}
        self._serving: set[str] = set()

    def readings(self, found: list[Living]) -> list[Reading]:
        """Requests in flight in total and by process, and how busy the threads are."""
        left = self._assign(found)
        threads = sum(each.threads for each in found)
        busy = sum(each.busy for each in found if each.threads)
        readings = [Reading(builtin.ACTIVE, (), sum(each.requests for each in found))]
        for each in found:
            if each.busy or each.threads:
                self._serving.add(each.writer)
            if each.writer in self._serving:
                labels = self.labels(each.writer)
                readings.append(Reading(builtin.ACTIVE_BY_PROCESS, labels, each.requests))
        # A number that nobody has any more stands at zero, not at what its process died with.
        readings += [Reading(builtin.ACTIVE_BY_PROCESS, labels, 0) for labels in left]
        if threads:
            readings += [
                Reading(builtin.THREADS, (), threads),
                Reading(builtin.BUSY_THREADS, (), busy),
                Reading(builtin.BUSY_SHARE, (), min(1.0, busy / threads)),
            ]
        return readings

    def labels(self, writer: str) -> Labels:
        """The labels of a living process."""
        role, number = self._places[writer]
        return (("role", role), ("worker", str(number)))

    def by_pid(self, found: list[Living]) -> dict[int, tuple[Snapshot, Labels]]:
        """Board and labels of each living process by its number in the system."""
        return {each.board.pid: (each.board, self.labels(each.writer)) for each in found}

    def _assign(self, found: list[Living]) -> list[Labels]:
        """Keep, give and take numbers; the labels of serving processes that nobody has now."""
        roles = {each.writer: each.role for each in found}
        gone = [writer for writer, (role, _) in self._places.items() if roles.get(writer) != role]
        served = [self.labels(writer) for writer in gone if writer in self._serving]
        for writer in gone:
            del self._places[writer]
        self._serving &= roles.keys()
        taken = Counter(self._places.values())
        for each in found:
            if each.writer not in self._places:
                number = 1
                while (each.role, number) in taken:
                    number += 1
                self._places[each.writer] = each.role, number
                taken[each.role, number] += 1
        now = {self.labels(writer) for writer in self._places}
        return [labels for labels in served if labels not in now]
