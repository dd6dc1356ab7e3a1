"""The journal of a process: lazy, fork-safe, and honest about what it had to drop."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from telemetry.journal import board, locks, reader
from telemetry.journal import writer as writer_module
from tests.telemetry.journal.helpers import make, payloads


def snapshot(folder: Path) -> board.Snapshot:
    (path,) = reader.boards(folder)
    found = board.read(path)
    assert found is not None
    return found


def test_a_process_that_emits_nothing_leaves_no_file(tmp_path: Path) -> None:
    make(tmp_path / "journal").close()
    assert not (tmp_path / "journal").exists()


def test_the_board_counts_what_was_accepted(tmp_path: Path) -> None:
    journal = make(tmp_path)
    assert all(journal.append(b'"%d"' % number) for number in range(5))
    # The introduction is a record too.
    assert snapshot(tmp_path).accepted == 6
    assert snapshot(tmp_path).pid == os.getpid()
    journal.close()


def test_a_full_disk_drops_and_counts_then_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = make(tmp_path)
    journal.append(b'"before"')

    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        assert [journal.append(b'"lost"') for _ in range(3)] == [False] * 3
    assert journal.append(b'"after"')
    found = snapshot(tmp_path)
    assert found.dropped == {"disk_full": 3}
    assert found.emitted == found.accepted + 3
    assert payloads(tmp_path) == [b'"before"', b'"after"']
    journal.close()


def test_with_no_room_for_any_file_it_still_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_SECONDS", 0)
    blocked = tmp_path / "journal"
    blocked.write_text("a file where the folder should be")
    journal = make(blocked)
    assert [journal.append(b'"lost"') for _ in range(3)] == [False] * 3
    blocked.unlink()
    assert journal.append(b'"after"')
    # The counts kept in memory went onto the board once there was one.
    assert snapshot(blocked).dropped == {"write_error": 3}
    assert payloads(blocked) == [b'"after"']
    journal.close()


def test_beyond_the_cap_records_are_dropped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_SECONDS", 0)
    # The board itself lies in the folder and counts too.
    journal = make(tmp_path, segment_bytes=1_000, max_bytes=board.SIZE + 5_000)
    for _ in range(100):
        journal.append(b'"%b"' % (b"x" * 200))
    waiting = sum(path.stat().st_size for path in reader.segments(tmp_path))
    found = snapshot(tmp_path)
    # Errors may go 10 % beyond, and a segment is looked at when it is begun.
    assert waiting < (board.SIZE + 5_000) * 1.1 - board.SIZE + 1_000
    assert found.dropped["journal_full"] > 50
    for path in reader.segments(tmp_path):
        path.unlink()
    assert journal.append(b'"room again"')
    journal.close()


def test_a_signal_handler_that_logs_mid_write_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = make(tmp_path)
    journal.append(b'"first"')
    write = os.write
    interrupted = []

    def interrupt(fd: int, data: bytes) -> int:
        if not interrupted:
            interrupted.append(True)
            signal.raise_signal(signal.SIGUSR1)
        return write(fd, data)

    before = signal.signal(signal.SIGUSR1, lambda *_: journal.append(b'"from the handler"'))
    try:
        monkeypatch.setattr(os, "write", interrupt)
        journal.append(b'"interrupted"')
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert sorted(payloads(tmp_path)) == [b'"first"', b'"from the handler"', b'"interrupted"']
    journal.close()


def run(script: str, folder: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(folder)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


FORK = """
    import os, sys
    from pathlib import Path
    from tests.telemetry.journal.helpers import make
    from telemetry.journal import locks, reader
    folder = Path(sys.argv[1])
    journal = make(folder)
    os.register_at_fork(after_in_child=journal.close_inherited)
    journal.append(b'"parent before"')
    (own,) = reader.segments(folder)
    child = os.fork()
    if child == 0:
        journal.append(b'"child"')
        # The parent's lock is still held: the child let go without unlocking.
        os._exit(0 if locks.is_locked(own) else 3)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert locks.is_locked(own)
    journal.append(b'"parent after"')
    print(len(reader.segments(folder)))
"""


def test_a_fork_after_the_first_record_writes_to_a_segment_of_its_own(tmp_path: Path) -> None:
    assert run(FORK, tmp_path).strip() == "2"
    assert sorted(payloads(tmp_path)) == [b'"child"', b'"parent after"', b'"parent before"']
    assert len(reader.boards(tmp_path)) == 2


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from tests.telemetry.journal.helpers import make
    journal = make(Path(sys.argv[1]))
    for number in range(1000):
        journal.append(b'"%d"' % number)
    journal.board.enter(1, bytes(16), 5, "GET", "/slow/")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_9_leaves_every_record_the_counts_and_what_was_running(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)])
    assert ran.returncode == -signal.SIGKILL
    assert payloads(tmp_path) == [b'"%d"' % number for number in range(1000)]
    found = snapshot(tmp_path)
    assert found.accepted == 1001
    assert [(unit.method, unit.path) for unit in found.running] == [("GET", "/slow/")]
    assert not any(locks.is_locked(path) for path in tmp_path.iterdir())
