"""`render_dashboards` draws four whole pictures, or says in one line why not."""

import struct
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from telemetry.conf import settings
from telemetry.dashboards import draw, files
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
NOW = datetime(2026, 11, 24, 14, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(settings.__dict__, "DATA_DIR", tmp_path)
    return tmp_path


@pytest.fixture
def traffic() -> None:
    for minutes in range(1, 30):
        factory.served("api/payments/", 0.012, NOW - timedelta(minutes=minutes))


def render(*arguments: str) -> str:
    out = StringIO()
    call_command("render_dashboards", *arguments, stdout=out)
    return out.getvalue()


def size_of(path: Path) -> tuple[int, int]:
    """(width, height) by the PNG's own header."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n")
    assert data.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)


def test_an_empty_store_is_told_and_leaves_no_files(data_dir: Path) -> None:
    assert "The store is empty" in render()
    assert not (data_dir / "dashboards").exists()


def test_what_ingest_sees_of_itself_is_not_something_to_draw() -> None:
    factory.observe(factory.series("http_server_active_requests", "g"), 0, NOW)
    assert "The store is empty" in render()


@pytest.mark.usefixtures("traffic")
def test_four_pictures_named_by_their_time(tmp_path: Path) -> None:
    found = draw.draw(timedelta(hours=1), tmp_path / "out", NOW)
    assert [path.name for path in found] == [
        f"{kind}-20261124T141500Z.png" for kind in ("overview", "counters", "gauges", "histograms")
    ]
    assert sorted((tmp_path / "out").iterdir()) == sorted(found)
    assert {size_of(path)[0] for path in found} == {1920}


@pytest.mark.usefixtures("traffic")
def test_the_same_data_gives_the_same_picture(tmp_path: Path) -> None:
    first, again = (
        [path.read_bytes() for path in draw.draw(timedelta(hours=1), tmp_path / name, NOW)]
        for name in ("a", "b")
    )
    assert first == again


@pytest.mark.usefixtures("traffic")
def test_a_picture_shows_its_data(tmp_path: Path) -> None:
    some = draw.draw(timedelta(hours=1), tmp_path / "a", NOW)
    factory.served("api/payments/", 3.0, NOW - timedelta(minutes=5))
    more = draw.draw(timedelta(hours=1), tmp_path / "b", NOW)
    changed = {
        a.name.partition("-")[0]
        for a, b in zip(some, more, strict=True)
        if a.read_bytes() != b.read_bytes()
    }
    assert {"overview", "histograms"} <= changed
    assert "gauges" not in changed


@pytest.mark.usefixtures("traffic")
def test_the_range_of_a_set_is_read_back_from_its_pictures() -> None:
    draw.draw(timedelta(hours=1), None, NOW)
    (one,) = files.sets(10)
    found = files.with_range(one)
    assert (found.start, found.end) == (NOW - timedelta(hours=1), NOW)


@pytest.mark.parametrize("since", ["soon", "5x", "-1h", "0m", "99999d", ""])
def test_a_bad_time_span_is_named(since: str) -> None:
    with pytest.raises(CommandError, match=r"^--since: "):
        render(f"--since={since}")


@pytest.mark.usefixtures("traffic")
def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(CommandError, match=r"^--out: .*taken is not a folder"):
        render("--out", str(tmp_path / "taken"))


@pytest.mark.usefixtures("traffic")
def test_a_full_disk_is_told_and_leaves_no_part_of_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CommandError, match=r"^--out: .*No space left"):
        render("--out", str(tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.usefixtures("traffic")
def test_without_matplotlib_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("grids", "overview", "panels", "sheet"):
        monkeypatch.delitem(sys.modules, f"telemetry.dashboards.{name}", raising=False)
        monkeypatch.delattr(f"telemetry.dashboards.{name}", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(CommandError, match=r"pip install matplotlib$"):
        render()


@pytest.mark.usefixtures("traffic")
def test_a_second_drawing_at_the_same_moment_is_refused() -> None:
    with draw._lock, pytest.raises(draw.Busy):
        draw.draw(timedelta(hours=1))
    assert len(draw.draw(timedelta(hours=1))) == 4
