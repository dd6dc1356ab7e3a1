"""Ingested segments and the last boards of ended processes, compressed and kept for a while.

After a store is replaced (a backup, a rebuilt one) what it has not is read again out of here; see
`recovery`.
"""

import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from telemetry.conf import settings
from telemetry.ingest import members, notices
from telemetry.ingest.members import Member
from telemetry.journal import locks
from telemetry.journal.board import Snapshot
from telemetry.journal.segment import FULL
from telemetry.journal.writer import BOARD_SUFFIX

_SUFFIX = ".jsonl.gz"
_STAMP = "%Y%m%dT%H%M%S"
_FILE_SECONDS = 3600
_FILE_BYTES = 64 << 20
_OURS = re.compile(r"[0-9a-f]{32}(?:-[0-9]{6,}\.seg|\.board)\Z").match


class LastBoard(msgspec.Struct):
    """What a process's board said when it was found dead, at `ended` (microseconds)."""

    ended: int
    board: Snapshot


def keep(segment: Path) -> None:
    """Append a segment. Raises OSError.

    After a crash before the segment was removed it is appended again, which does no harm.
    """
    _append(segment.name, segment.read_bytes())


def keep_board(writer: str, last: LastBoard) -> None:
    """Append what a board said. Raises OSError."""
    _append(f"{writer}{BOARD_SUFFIX}", msgspec.json.encode(last))


def read_board(member: Member) -> LastBoard | None:
    """What a board said; None when it cannot be read any more."""
    try:
        return msgspec.json.decode(members.read(member), type=LastBoard)
    except (OSError, ValueError):
        return None


def index() -> dict[str, Member]:
    """What is kept, by the name that the file had in the journal."""
    found: dict[str, Member] = {}
    for file in _files():
        try:
            for member in members.listed(file):
                if _OURS(member.name) is None:
                    continue
                # The longest: a segment may have been archived before its last records came back.
                if member.name not in found or member.size >= found[member.name].size:
                    found[member.name] = member
        except OSError as error:
            notices.say(f"{file} in the archive cannot be read: {error.strerror}")
    return found


def writers() -> set[str]:
    """The ids of the processes of which something is kept."""
    return {name[:32] for name in index()}


def oldest() -> float | None:
    """When the first of what is kept was archived, in seconds since the epoch."""
    moments = [moment for file in _files() if (moment := _moment(file)) is not None]
    return moments[0].timestamp() if moments else None


def trim(now: float | None = None) -> None:
    """Remove files beyond the age or, oldest first, the size that settings allow.

    `now` is in seconds since the epoch; the caller's, who knows whether the clock is to be trusted.
    """
    now = time.time() if now is None else now
    too_old = now - settings.ARCHIVE_HOURS * 3600
    kept = 0
    for file in reversed(_files()):
        try:
            stat = file.stat()
            kept += stat.st_size
            if kept > settings.ARCHIVE_MAX_BYTES or stat.st_mtime < too_old:
                file.unlink()
            elif stat.st_mtime > now + _FILE_SECONDS:
                # Written while the clock was ahead: it ages from now on.
                os.utime(file, (now, now))
        except OSError:
            continue


def _append(name: str, content: bytes) -> None:
    folder: Path = settings.archive_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    member = members.pack(name, content, int(time.time()))
    target = _current.file()
    for oldest in [*_files(), None]:
        try:
            return _write(target, member)
        except OSError as error:
            if error.errno not in FULL:
                raise
            if oldest is not None and oldest != target:
                oldest.unlink(missing_ok=True)
    # It is in the store; keeping it in the journal would keep the disk full.
    return notices.say(f"no room to archive {name}: it cannot be read again")


def _write(target: Path, member: bytes) -> None:
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | locks.BINARY, 0o600)
    size = os.fstat(fd).st_size
    try:
        view = memoryview(member)
        while view:
            view = view[os.write(fd, view) :]
    except BaseException:
        # Half a member is passed over, but is of no use.
        os.ftruncate(fd, size)
        raise
    finally:
        os.close(fd)


class _Current:
    """The file that is appended to: an hour's, by a clock that no one can set."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._until = 0.0

    def file(self) -> Path:
        """Where to append. Names only ever rise, whatever the clock does: they are the order."""
        path = self._path
        if path is not None and path.parent == settings.archive_dir:
            if time.monotonic() < self._until and _size(path) < _FILE_BYTES:
                return path
        else:
            path = None
        self._path = _next_file(may_go_on=path is None)
        self._until = time.monotonic() + _FILE_SECONDS
        return self._path


_current = _Current()


def _next_file(*, may_go_on: bool) -> Path:
    now = datetime.now(UTC).replace(microsecond=0)
    last = _files()[-1:]
    newest = _moment(last[0]) if last else None
    if newest is not None:
        is_recent = abs((now - newest).total_seconds()) < _FILE_SECONDS
        if may_go_on:
            _cut_torn_end(last[0])
            if is_recent and _size(last[0]) < _FILE_BYTES:
                return last[0]
        now = max(now, newest + timedelta(seconds=1))
    folder: Path = settings.archive_dir
    return folder / f"{now.strftime(_STAMP)}{_SUFFIX}"


def _cut_torn_end(file: Path) -> None:
    # Killed while it wrote: half a member is of no use, and `zcat` reads nothing behind it.
    try:
        end = max((member.offset + member.length for member in members.listed(file)), default=0)
        if end < _size(file):
            os.truncate(file, end)
    except OSError as error:
        notices.say(f"{file} in the archive cannot be mended: {error.strerror}")


def _moment(file: Path) -> datetime | None:
    try:
        return datetime.strptime(file.name.removesuffix(_SUFFIX), _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _files() -> list[Path]:
    """The archive's files, oldest first."""
    try:
        return sorted(settings.archive_dir.glob(f"*{_SUFFIX}"))
    except OSError:
        return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
