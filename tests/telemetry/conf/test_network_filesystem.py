"""A data folder on a network filesystem is warned of; a local one is not."""

from pathlib import Path

import pytest

from telemetry import checks, mounts
from telemetry.mounts import network_filesystem

TABLE = """\
/dev/vda1 / ext4 rw 0 0
server:/export /mnt/share nfs4 rw 0 0
tmpfs /mnt/share/fast tmpfs rw 0 0
//nas/my\\040files /mnt/my\\040files cifs rw 0 0
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mounts"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/app", None),
        ("/mnt/share/app", "nfs4"),
        ("/mnt/share/fast/app", None),
        ("/mnt/sharedless", None),
        ("/mnt/my files/app", "cifs"),
    ],
)
def test_the_innermost_mount_decides(folder: str, kind: str | None, table: Path) -> None:
    assert network_filesystem(Path(folder), table) == kind


def test_without_a_mount_table_nothing_is_claimed(tmp_path: Path) -> None:
    assert network_filesystem(Path("/mnt"), tmp_path / "none") is None


def test_the_check_names_the_setting_and_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "network_filesystem", lambda folder: "nfs4")
    found = checks.check_filesystem(None)
    assert {message.id for message in found} == {"telemetry.W005"}
    assert any("DATA_DIR" in message.msg for message in found)
    assert all("local disk" in (message.hint or "") for message in found)


def test_the_check_is_silent_on_a_local_disk() -> None:
    assert checks.check_filesystem(None) == []
