"""What the log files hold, noted beside them: a store that is replaced knows less than they do.

`logs/.committed` has, line by line, the newest last: `F file inode length`, what is committed of a
file; `S segment position`, up to where a segment's records are in them; `N file inode`, a file that
was begun and into which nothing is committed yet. Not synced: the store's own figures are the ones
that survive power loss, these are asked when it has less.
"""

import os
from pathlib import Path

from telemetry.conf import settings
from telemetry.ingest import notices
from telemetry.journal import locks

_NAME = ".committed"
_MOST_BYTES = 256 * 1024


class Marks:
    """The notes of one folder, read once; only the holder of the ingest lock writes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # file → (inode, bytes)
        self.lengths: dict[str, tuple[int, int]] = {}
        # segment → bytes
        self.positions: dict[str, int] = {}
        # file → inode
        self.begun: dict[str, int] = {}
        self._size = 0
        self._load()

    def begin(self, name: str, inode: int) -> None:
        """A new file has been made, empty. Raises OSError."""
        self.begun[name] = inode
        self._append([f"N {name} {inode}"])

    def commit(self, lengths: dict[str, tuple[int, int]], positions: dict[str, int]) -> None:
        """A batch is durable."""
        self.lengths |= lengths
        self.positions |= positions
        lines = [f"F {name} {inode} {length}" for name, (inode, length) in lengths.items()]
        lines += [f"S {name} {position}" for name, position in positions.items()]
        try:
            if self._size > _MOST_BYTES:
                self._rewrite()
            else:
                self._append(lines)
        except OSError as error:
            notices.say(f"{self.folder / _NAME} cannot be written: {error.strerror}")

    def _append(self, lines: list[str]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = "".join(f"{line}\n" for line in lines).encode()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | locks.BINARY
        fd = os.open(self.folder / _NAME, flags, 0o600)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)
        self._size += len(data)

    def _rewrite(self) -> None:
        # Of segments that are gone the archive says how long they were.
        self.positions = {
            name: position
            for name, position in self.positions.items()
            if (settings.journal_dir / name).exists()
        }
        lines = [f"N {name} {inode}" for name, inode in self.begun.items()]
        lines += [f"F {name} {inode} {length}" for name, (inode, length) in self.lengths.items()]
        lines += [f"S {name} {position}" for name, position in self.positions.items()]
        draft = self.folder / f"{_NAME}.part"
        draft.write_text("".join(f"{line}\n" for line in lines))
        draft.chmod(0o600)
        os.replace(draft, self.folder / _NAME)
        # Where all of it is needed, it is not written anew with each batch.
        self._size = 0

    def _load(self) -> None:
        try:
            text = (self.folder / _NAME).read_text("ascii", "replace")
        except OSError:
            return
        self._size = len(text)
        for line in text.splitlines():
            try:
                self._take(line.split())
            except ValueError:
                # Cut short by a crash.
                continue

    def _take(self, words: list[str]) -> None:
        match words:
            case ["F", name, inode, length]:
                self.lengths[name] = (int(inode), int(length))
            case ["S", name, position]:
                self.positions[name] = max(self.positions.get(name, 0), int(position))
            case ["N", name, inode]:
                self.begun[name] = int(inode)
