"""Reading again what a replaced store has not: out of the archive, back through the journal.

A store that is restored from a backup, or made anew, knows for each segment how far it has read, or
does not know the segment. What the archive holds beyond that is put back into the journal, a few
segments at a time, and takes the usual way: so it is read exactly once, and a crash in between
changes nothing. What retention has deleted is not read again, because the bookkeeping of a process
stays in the store as long as the archive names it.
"""

import os
import sqlite3
from pathlib import Path

from telemetry.ingest import archive, lost, members, notices
from telemetry.ingest.archive import LastBoard
from telemetry.ingest.connection import Store
from telemetry.ingest.logfiles import LogFiles
from telemetry.ingest.members import Member
from telemetry.journal import reader
from telemetry.journal.segment import SUFFIX
from telemetry.journal.writer import BOARD_SUFFIX

# In the journal at a time: what waits there counts towards its limit.
_BYTES = 32 << 20


class Recovery:
    """What is still to be read again. Made for one ingester; `forget` when the store changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[Member] = []
        self._lowest: dict[str, str] = {}
        self._boards: dict[str, Member] = {}
        self._sizes: dict[str, int] = {}
        self._was_replaced = False
        self.planned = False
        # Segments that came out of the archive.
        self.brought: set[str] = set()

    def forget(self) -> None:
        """The store is another one, or may be."""
        self.planned = False
        self._was_replaced = True

    def plan(self, db: sqlite3.Connection) -> dict[str, int]:
        """Compare the archive with the store. Raises sqlite3.Error.

        Returns how far the segments that will be read again were read before: {name: bytes}.
        """
        kept = archive.index()
        segments = {name: each for name, each in kept.items() if name.endswith(SUFFIX)}
        self._waiting = [each for _, each in sorted(segments.items()) if _lacks(db, each)]
        self._boards = {
            name.removesuffix(BOARD_SUFFIX): each
            for name, each in kept.items()
            if name.endswith(BOARD_SUFFIX) and _is_open(db, name.removesuffix(BOARD_SUFFIX))
        }
        self._note_lowest()
        self.planned = True
        if self._waiting:
            count = sum(each.records for each in self._waiting)
            notices.say(f"the store lacks {count:,} archived records: reading them again")
        return {each.name: each.size for each in self._waiting}

    def go_on(self, store: Store, files: LogFiles) -> None:
        """Bring back what is next; compare first, where that is still to be done. Raises
        StoreUnavailable or sqlite3.Error."""
        # Asked first: it notices when the file is another one.
        db = store.reading()
        if not self.planned:
            files.read_before(self.plan(db))
            missing = lost.found(db, self._folder, self._waiting) if self.replaced else {}
            if missing:
                with store.transaction() as db:
                    for writer, count in missing.items():
                        lost.book(db, writer, count)
        self.bring()

    @property
    def replaced(self) -> bool:
        """Whether the store is not the one that read what the archive holds."""
        return self._was_replaced or bool(self._waiting)

    @property
    def writers(self) -> set[str]:
        """Processes that are not at their end: segments of theirs will come."""
        return set(self._lowest)

    @property
    def boards(self) -> dict[str, Member]:
        """The archived boards of processes that the store does not know the end of."""
        return self._boards

    def blocks(self, path: Path) -> bool:
        """Whether earlier segments of the same writer will come first."""
        lowest = self._lowest.get(reader.writer(path))
        return lowest is not None and path.name > lowest

    def bring(self) -> None:
        """Put the next segments into the journal."""
        self._sizes = {
            name: size for name, size in self._sizes.items() if (self._folder / name).exists()
        }
        try:
            while self._waiting and sum(self._sizes.values()) < _BYTES:
                self._bring(self._waiting[0])
                self._waiting.pop(0)
        except OSError as error:
            notices.say(f"archived segments cannot be brought back yet: {error.strerror}")
        self._note_lowest()

    def board(self, writer: str) -> LastBoard | None:
        """What an ended process's board had said, where the store does not know it."""
        member = self._boards.get(writer)
        return None if member is None else archive.read_board(member)

    def settled(self, writer: str) -> None:
        """The process's end is in the store."""
        self._boards.pop(writer, None)

    def _bring(self, member: Member) -> None:
        target = self._folder / member.name
        if target.exists():
            return
        try:
            content = members.read(member)
        except members.BadMember as error:
            notices.say(f"{member.name} in {member.file} is damaged: {error}")
            return
        except FileNotFoundError:
            # Trimmed meanwhile.
            return
        draft = target.with_suffix(".tmp")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            draft.write_bytes(content)
            draft.chmod(0o600)
            os.rename(draft, target)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        self.brought.add(member.name)
        self._sizes[member.name] = len(content)

    def _note_lowest(self) -> None:
        self._lowest = {}
        for each in self._waiting:
            self._lowest.setdefault(reader.writer(Path(each.name)), each.name)


def _lacks(db: sqlite3.Connection, member: Member) -> bool:
    return lost.position(db, member.name)[0] < member.size


def _is_open(db: sqlite3.Connection, writer: str) -> bool:
    row = db.execute(
        "SELECT ended FROM telemetry_process WHERE writer = ?", (bytes.fromhex(writer),)
    ).fetchone()
    return row is None or row[0] is None
