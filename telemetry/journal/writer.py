"""The journal of this process: where a record is accepted."""

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from telemetry.journal.board import ACCEPTED, Board
from telemetry.journal.pressure import NONE, NOTHING, Pressure
from telemetry.journal.segment import FULL, Refused, Segment, path_of

BOARD_SUFFIX = ".board"
# After a file could not be made, the next try waits this long: a full disk is not asked per record.
RETRY_SECONDS = 0.5


class Journal:
    """Appends records to segments of its own and counts them on a board of its own.

    Files are opened at the first record, so a process that emits nothing leaves none.
    `introduce` gives the payload that begins each segment: who is writing.
    """

    def __init__(
        self,
        folder: Path,
        introduce: Callable[[], bytes],
        *,
        segment_bytes: int,
        segment_seconds: float,
        max_bytes: int,
        min_free: int = 0,
    ) -> None:
        self.folder = folder
        self._introduce = introduce
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self.pressure = Pressure(folder, max_bytes, min_free)
        self.forget()

    def forget(self) -> None:
        """Start as a new writer: after a fork the files, and their locks, are the parent's."""
        # Re-entrant, for a signal handler that logs while its own thread is writing.
        self._lock = threading.RLock()
        self.writer = secrets.token_hex(16)
        self._index = 0
        self._accepted = 0
        # When the segment or the journal's size is to be looked at, by the monotonic clock.
        self._due = 0.0
        self._segment: Segment | None = None
        self._board: Board | None = None
        # The board once it is on disk, and its counters.
        self.lasting_board: Board | None = None
        self._counters: memoryview | None = None
        self._board_retry = 0.0
        self._refused: Refused | None = None
        self._refused_until = 0.0

    def append(self, payload: bytes) -> bool:
        """Accept one encoded record; False when it was dropped, and counted as such."""
        with self._lock:
            try:
                segment = self._segment or self._open()
                segment.append(payload)
            except Refused as refused:
                self.board.dropped(refused.reason)
                return False
            self._accepted = accepted = self._accepted + 1
            counters = self._counters
            if counters is None:
                self.board.accepted(accepted)
            else:
                # As `Board.accepted`, without the call.
                counters[ACCEPTED] = accepted
            if segment.size >= self._segment_bytes or monotonic() >= self._due:
                self._look_around(segment)
            return True

    def _look_around(self, segment: Segment) -> None:
        """What is not asked for each record: is the segment full or old, the journal too large?"""
        now = monotonic()
        if now >= segment.due or segment.size >= self._segment_bytes:
            self._close_segment()
        if now >= self.pressure.next_look:
            self.pressure.look()
        self._due = min(segment.due, self.pressure.next_look)

    def admit(self, level: int, *, sampled: bool = False) -> int:
        """How many records one of this level stands for; 0 when it is dropped, and counted.

        `sampled`: whether others of its kind may stand for it.
        """
        if self.pressure.step == NONE:
            return 1
        with self._lock:
            weight = self.pressure.admit(level, sampled=sampled)
            if not weight:
                self.board.dropped(self.pressure.reason)
            return weight

    def drop(self, reason: str) -> None:
        """Count a record that could not be made."""
        with self._lock:
            self.board.dropped(reason)

    @property
    def board(self) -> Board:
        """The board, made at its first use."""
        if self.lasting_board is not None:
            return self.lasting_board
        # Threads that meet here at the first request share one.
        with self._lock:
            self._open_board()
        assert self._board is not None
        return self._board

    def close(self) -> None:
        """Release every file, as the end of the process does."""
        with self._lock:
            self._close_segment()
            board, self._board = self._board, None
            self.lasting_board = self._counters = None
            if board is not None:
                board.close()

    def close_inherited(self) -> None:
        """In a fork's child: let go of the parent's descriptors without unlocking anything."""
        segment, board = self._segment, self._board
        self.forget()
        if segment is not None:
            segment.close()
        if board is not None:
            board.close()

    def _open(self) -> Segment:
        if self._refused is not None and monotonic() < self._refused_until:
            # A new one: an exception raised again keeps the frames of every time it was.
            raise Refused(self._refused.reason)
        try:
            segment = self._begin_segment()
        except Refused as refused:
            self._refused = refused
            self._refused_until = monotonic() + RETRY_SECONDS
            raise
        self._refused = None
        self._segment = segment
        self._due = min(segment.due, self.pressure.next_look)
        self._accepted += 1
        self.board.accepted(self._accepted)
        return segment

    def _begin_segment(self) -> Segment:
        self.pressure.look()
        if self.pressure.step == NOTHING:
            raise Refused(self.pressure.reason)
        # Taken before the file is made: a signal handler that logs in between gets the next.
        index = self._index
        self._index = index + 1
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            segment = Segment(path_of(self.folder, self.writer, index), self._segment_seconds)
        except BaseException as error:
            # A number that no file has looks like a file that somebody removed.
            if self._index == index + 1:
                self._index = index
            if isinstance(error, OSError):
                raise Refused("disk_full" if error.errno in FULL else "write_error") from error
            raise
        try:
            segment.append(self._introduce())
        except Refused:
            segment.close()
            raise
        return segment

    def _close_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()

    def _open_board(self) -> None:
        if self.lasting_board is not None or monotonic() < self._board_retry:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            board = Board(self.folder / f"{self.writer}{BOARD_SUFFIX}")
        except OSError:
            # The counts go on in memory, and onto the disk as soon as it takes them.
            self._board = self._board or Board(None)
            self._board_retry = monotonic() + RETRY_SECONDS
            return
        if self._board is not None:
            board.take_over(self._board)
        self._board = self.lasting_board = board
        self._counters = board.counters
