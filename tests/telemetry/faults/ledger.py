"""What writers say was accepted: kept outside of them, true at whatever instant they are killed."""

import os
from collections import defaultdict
from pathlib import Path


class Note:
    """A writer's side: how many records of its stream were accepted, in one small file.

    Written after the logging call has returned, in one `pwrite` that kill -9 does not tear. A count
    says it all, as a stream is emitted in order by one thread.
    """

    def __init__(self, folder: Path, stream: str) -> None:
        folder.mkdir(exist_ok=True)
        self._fd = os.open(folder / stream, os.O_WRONLY | os.O_CREAT, 0o600)

    def accepted(self, count: int) -> None:
        os.pwrite(self._fd, b"%012d" % count, 0)


class Ledger:
    """The test's side: accepted ids, and ids that may be there although nobody was told so."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[str, set[int]] = defaultdict(set)
        self._tried: dict[str, set[int]] = defaultdict(set)

    def tried(self, stream: str, number: int) -> None:
        """A client is about to ask for this record."""
        self._tried[stream].add(number)

    def told(self, stream: str, number: int) -> None:
        """A client was answered."""
        self._told[stream].add(number)

    def accepted(self) -> set[str]:
        """Every id whose logging call returned."""
        noted = {f"{s}.{n}" for s, count in self._noted() for n in range(count)}
        return noted | {f"{s}.{n}" for s, numbers in self._told.items() for n in numbers}

    def emitted(self) -> set[str]:
        """The accepted ids and those that a writer was killed at."""
        begun = {f"{stream}.{count}" for stream, count in self._noted()}
        tried = {f"{s}.{n}" for s, numbers in self._tried.items() for n in numbers}
        return self.accepted() | begun | tried

    def _noted(self) -> list[tuple[str, int]]:
        if not self._folder.exists():
            return []
        return [(path.name, int(path.read_bytes() or b"0")) for path in self._folder.iterdir()]
