"""Sets of pictures are kept by number; other people's files are never touched."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telemetry.conf import settings
from telemetry.dashboards import files

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(settings.__dict__, "DATA_DIR", tmp_path)
    made = tmp_path / "dashboards"
    made.mkdir()
    for hours in range(5):
        for kind in files.KINDS:
            (made / files.name_of(kind, NOON - timedelta(hours=hours))).write_bytes(b"png")
    return made


def test_the_oldest_sets_go(folder: Path) -> None:
    assert files.trim(folder, keep=2) == 12
    assert [one.drawn for one in files.sets(10)] == [NOON, NOON - timedelta(hours=1)]
    assert files.trim(folder, keep=2) == 0


def test_files_that_are_no_pictures_stay(folder: Path) -> None:
    own = [folder / name for name in ("notes.txt", "overview.png", "overview-2026.png")]
    for path in own:
        path.write_text("mine")
    files.trim(folder, keep=1)
    assert all(path.exists() for path in own)
    assert len(files.sets(10)) == 1


def test_what_a_killed_drawing_left_goes_after_an_hour(folder: Path) -> None:
    old, fresh = (files.draft_of(folder / f"overview-{n}.png") for n in ("a", "b"))
    for path in (old, fresh):
        path.write_bytes(b"half")
    hours_ago = datetime.now(UTC).timestamp() - 7200
    os.utime(old, (hours_ago, hours_ago))
    files.trim(folder, keep=10)
    assert not old.exists()
    assert fresh.exists()


@pytest.mark.parametrize(
    "name",
    ["../db.sqlite3", "overview-20261124T120000Z.png/..", "secrets-20261124T120000Z.png", "",
     "overview-20261124T120000Z.png\n", "overview-20991124T120000Z.png"],
)  # fmt: skip
def test_only_names_of_pictures_that_are_there_lead_to_files(folder: Path, name: str) -> None:
    assert files.path_of(name) is None
    assert (
        files.path_of("overview-20261124T120000Z.png") == folder / "overview-20261124T120000Z.png"
    )
