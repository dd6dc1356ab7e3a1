"""Segments: one write a record, whole or not at all; the lock tells whether more will come."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.journal import locks, reader
from telemetry.journal.segment import Refused, Segment, path_of
from tests.telemetry.journal.helpers import make, payloads

WRITER = "ab" * 16


def segment(folder: Path) -> Segment:
    return Segment(path_of(folder, WRITER, 0))


def test_a_segment_is_private_new_and_locked(tmp_path: Path) -> None:
    made = segment(tmp_path)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert locks.is_locked(made.path)
    (tmp_path / f"{made.path.stem}.tmp").touch()
    with pytest.raises(FileExistsError):
        Segment(made.path)
    made.close()
    assert not locks.is_locked(made.path)


def test_each_record_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = segment(tmp_path)
    writes: list[bytes] = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: writes.append(data) or write(fd, data))
    made.append(b'"a"')
    made.append(b'"b"')
    assert [data.count(b"\n") for data in writes] == [1, 1]
    made.close()


def test_a_torn_tail_waits_while_its_writer_lives_and_is_bad_when_it_is_dead(
    tmp_path: Path,
) -> None:
    made = segment(tmp_path)
    made.append(b'"whole"')
    with made.path.open("ab") as file:
        file.write(b"0badc0de 1 [half")
    living = reader.read(made.path, 0)
    assert [record.payload for record in living.records] == [b'"whole"']
    assert not living.finished
    made.close()
    dead = reader.read(made.path, living.position)
    assert [record.reason for record in dead.records] == ["torn"]
    assert dead.finished
    assert dead.position == made.path.stat().st_size


def test_a_flipped_byte_spoils_its_own_record_only(tmp_path: Path) -> None:
    made = segment(tmp_path)
    for number in range(3):
        made.append(b'"%d"' % number)
    made.close()
    data = bytearray(made.path.read_bytes())
    data[data.index(b'"1"') + 1] ^= 4
    made.path.write_bytes(data)
    found = reader.read(made.path, 0).records
    assert [record.payload for record in found] == [b'"0"', None, b'"2"']
    assert found[1].reason == "checksum differs"


def test_the_record_after_bytes_without_a_newline_is_found(tmp_path: Path) -> None:
    made = segment(tmp_path)
    made.append(b'"first"')
    with made.path.open("ab") as file:
        file.write(b"x" * 1_000)
    # Longer than a read, and no record yet that says how many they were.
    first = reader.read(made.path, 0, limit=100)
    waiting = reader.read(made.path, first.position, 1, limit=100)
    assert (waiting.records, waiting.held) == ([], 1)
    made.append(b'"second"')
    found = reader.read(made.path, first.position, 1, limit=100).records
    assert [(each.payload, each.count) for each in found] == [(None, 0), (b'"second"', 1)]
    made.close()


def test_u2028_and_escaped_newlines_do_not_split_a_record(tmp_path: Path) -> None:
    made = segment(tmp_path)
    made.append('"a\u2028b\\n\u0085c"'.encode())
    made.close()
    assert len(reader.read(made.path, 0).records) == 1


SHORT_WRITE = """
import resource, signal, sys
from pathlib import Path
from telemetry.journal.segment import Segment, Refused, path_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
made = Segment(path_of(Path(sys.argv[1]), "ab" * 16, 0))
made.append(b'"first"')
resource.setrlimit(resource.RLIMIT_FSIZE, (made.size + 9, resource.RLIM_INFINITY))
try:
    made.append(b'"does not fit"')
except Refused as refused:
    print(refused.reason, made.path.stat().st_size == made.size)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
made.append(b'"fits again"')
"""


def test_a_short_write_leaves_nothing_and_later_ones_go_on(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SHORT_WRITE, str(tmp_path)], capture_output=True, text=True
    )
    assert ran.stdout.split() == ["disk_full", "True"], ran.stderr
    assert payloads(tmp_path) == [b'"first"', b'"fits again"']


def test_a_segment_rotates_by_size_and_by_age(tmp_path: Path) -> None:
    journal = make(tmp_path / "size", segment_bytes=100)
    for _ in range(10):
        journal.append(b'"0123456789"')
    assert len(reader.segments(tmp_path / "size")) > 2
    assert len(payloads(tmp_path / "size")) == 10
    journal.close()
    journal = make(tmp_path / "age", segment_seconds=0)
    journal.append(b'"a"')
    journal.append(b'"b"')
    assert len(reader.segments(tmp_path / "age")) == 2
    journal.close()


def test_refusing_says_why() -> None:
    assert Refused("disk_full").reason == "disk_full"
