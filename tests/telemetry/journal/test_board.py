"""The board: counters and running units that survive their process."""

from pathlib import Path

from telemetry.journal import board
from telemetry.journal.board import SLOTS, Board

UID = bytes(range(16))


def test_units_come_and_go(tmp_path: Path) -> None:
    path = tmp_path / "a.board"
    made = Board(path)
    first = made.enter(1, UID, 1_000, "POST", "/pay/")
    second = made.enter(2, UID, 2_000, "", "tasks.report")
    found = board.read(path)
    assert found is not None
    assert {(unit.kind, unit.method, unit.path, unit.start) for unit in found.running} == {
        (1, "POST", "/pay/", 1_000),
        (2, "", "tasks.report", 2_000),
    }
    assert found.running[0].uid == UID.hex()
    made.leave(first)
    made.leave(second)
    assert made.snapshot().running == []
    made.close()


def test_more_units_than_slots_are_counted(tmp_path: Path) -> None:
    made = Board(tmp_path / "a.board")
    slots = [made.enter(1, UID, 0, "GET", "/") for _ in range(SLOTS + 3)]
    assert made.snapshot().overflow == 3
    assert len(made.snapshot().running) == SLOTS
    for slot in slots:
        made.leave(slot)
    assert made.snapshot().overflow == 0
    assert made.snapshot().running == []
    made.close()


def test_a_long_path_is_cut_and_odd_text_survives(tmp_path: Path) -> None:
    made = Board(tmp_path / "a.board")
    made.enter(1, UID, 0, "PROPFINDER", "/é\ud800/" + "x" * 5_000)
    (unit,) = made.snapshot().running
    assert unit.method == "PROPFIND"
    assert unit.path.startswith("/é\\ud800/xxx")
    assert len(unit.path) < 256
    made.close()


def test_what_is_no_board_is_not_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "a.board"
    path.write_bytes(b"something else")
    assert board.read(path) is None
    assert board.read(tmp_path / "missing.board") is None
