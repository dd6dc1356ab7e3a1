"""Pictures as files: the range that they tell, and how many of them are kept."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from telemetry.conf import settings
from telemetry.dashboards import files


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(settings.__dict__, "DATA_DIR", tmp_path)
    made = tmp_path / "dashboards"
    made.mkdir()
    return made


@pytest.mark.parametrize("checksum", [b"0123", b"::..", b"-T9+", b"\xff\x00wi"])
def test_the_range_is_read_whatever_checksum_follows_it(folder: Path, checksum: bytes) -> None:
    told = b"2026-11-24T00:47:44.179055+00:00/2026-11-24T01:47:44+00:00"
    name = "overview-20261124T014744Z.png"
    (folder / name).write_bytes(b"\x89PNG tEXtDescription\0" + told + checksum)
    found = files.with_range(files.sets(1)[0])
    assert found.start == datetime(2026, 11, 24, 0, 47, 44, 179055, tzinfo=UTC)
    assert found.end == datetime(2026, 11, 24, 1, 47, 44, tzinfo=UTC)


def test_the_oldest_sets_beyond_the_setting_go_and_other_files_stay(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.__dict__, "DASHBOARDS_KEEP", 2)
    for second in range(4):
        for kind in files.KINDS:
            (folder / f"{kind}-20261124T01474{second}Z.png").touch()
    (folder / "notes.png").touch()
    assert files.trim(folder) == 8
    assert [one.stamp[-3:] for one in files.sets(9)] == ["43Z", "42Z"]
    assert (folder / "notes.png").exists()
