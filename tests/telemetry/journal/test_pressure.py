"""As the journal fills up, what is less grave goes first, and all that goes is counted."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from telemetry.journal import pressure
from telemetry.journal.pressure import Pressure

CAP = 1_000_000


def filled(folder: Path, share: float, **changes: Any) -> Pressure:
    """The pressure of a folder that holds this share of the cap."""
    folder.mkdir(exist_ok=True)
    (folder / "x.seg").write_bytes(bytes(int(CAP * share)))
    found = Pressure(folder, **{"max_bytes": CAP, "min_free": 0, **changes})
    found.look()
    return found


def admitted(found: Pressure, *, sampled: bool = True) -> dict[int, list[int]]:
    return {
        level: [found.admit(level, sampled=sampled) for _ in range(20)]
        for level in (10, 20, 30, 40, 50)
    }


@pytest.mark.parametrize(
    ("share", "all_of", "none_of", "reason"),
    [
        (0.69, [10, 20, 30, 40, 50], [], "shed"),
        (0.70, [30, 40, 50], [10], "shed"),
        (0.90, [30, 40, 50], [10, 20], "shed"),
        (1.00, [40, 50], [10, 20, 30], "journal_full"),
        (1.09, [40, 50], [10, 20, 30], "journal_full"),
        (1.10, [], [10, 20, 30, 40, 50], "journal_full"),
    ],
)
def test_the_fuller_the_graver(
    share: float, all_of: list[int], none_of: list[int], reason: str, tmp_path: Path
) -> None:
    found = filled(tmp_path, share)
    weights = admitted(found)
    assert [level for level in weights if set(weights[level]) == {1}] == all_of
    assert [level for level in weights if set(weights[level]) == {0}] == none_of
    assert found.reason == reason


def test_sampled_info_records_stand_for_those_left_out(tmp_path: Path) -> None:
    weights = [filled(tmp_path, 0.75).admit(20, sampled=True)]
    found = filled(tmp_path, 0.75)
    weights = [found.admit(20, sampled=True) for _ in range(1_000)]
    assert Counter(weights) == {10: 100, 0: 900}


def test_records_that_nothing_can_stand_for_are_not_sampled(tmp_path: Path) -> None:
    found = filled(tmp_path, 0.75)
    assert {found.admit(20, sampled=False) for _ in range(20)} == {1}


def test_below_the_floor_of_free_space_nothing_is_written(tmp_path: Path) -> None:
    found = filled(tmp_path, 0, min_free=1 << 60)
    assert found.admit(50, sampled=False) == 0
    assert found.reason == "disk_full"


def test_it_recovers_by_itself_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = filled(tmp_path, 1.2)
    assert found.admit(50, sampled=False) == 0
    (tmp_path / "x.seg").unlink()
    assert found.admit(50, sampled=False) == 0
    found.next_look = 0
    assert found.admit(10, sampled=True) == 1


@pytest.mark.parametrize(
    ("max_bytes", "min_free", "pause"),
    [
        (1 << 30, 0, 1.0),
        # 70 % of it, where records begin to go, is soon reached; or the floor of free space is.
        (300 << 20, 0, 0.25),
        (1 << 30, 200 << 20, 0.25),
    ],
)
def test_with_much_room_it_is_looked_at_less_often(
    max_bytes: int, min_free: int, pause: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressure, "_free", lambda place: 400 << 20)
    monkeypatch.setattr(pressure.time, "monotonic", lambda: 100.0)
    found = Pressure(tmp_path, max_bytes, min_free)
    found.look()
    assert found.next_look == 100.0 + pause


def test_a_look_that_takes_long_is_taken_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([100.0, 102.0])
    monkeypatch.setattr(pressure.time, "monotonic", lambda: next(moments))
    found = Pressure(tmp_path, CAP, 0)
    found.look()
    assert found.next_look == 102 + 50 * 2


def test_the_folder_need_not_exist_yet(tmp_path: Path) -> None:
    found = Pressure(tmp_path / "a" / "b", CAP, 1 << 60)
    found.look()
    assert found.reason == "disk_full"


def test_a_full_disk_is_looked_at_again_soon_however_long_a_look_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Perhaps the process was not given the processor meanwhile.
    times = iter([100.0, 100.5])
    monkeypatch.setattr(pressure.time, "monotonic", lambda: next(times))
    found = Pressure(tmp_path, max_bytes=CAP, min_free=1 << 62)
    found.look()
    assert found.next_look == 100.5 + 1.0
