"""`render_dashboards`: what it writes, and one clear line for what it cannot."""

import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("render_dashboards", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_the_four_pictures_that_it_wrote(tmp_path: Path) -> None:
    factory.request()
    factory.served("api/payments/", 0.012, datetime.now(UTC) - timedelta(minutes=5))
    printed = run("--out", str(tmp_path)).split()
    assert sorted(printed) == sorted(str(path) for path in tmp_path.iterdir())
    assert len(printed) == 4
    assert all(Path(path).read_bytes().startswith(b"\x89PNG") for path in printed)


def test_an_empty_store_is_said_and_nothing_written(tmp_path: Path) -> None:
    assert "empty" in run("--out", str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_a_bad_argument_is_named(tmp_path: Path) -> None:
    factory.request()
    (tmp_path / "file").touch()
    for arguments in (("--since", "soon"), ("--out", str(tmp_path / "file"))):
        with pytest.raises(CommandError, match=arguments[0]):
            run(*arguments)


def test_without_matplotlib_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory.request()
    for name in [name for name in sys.modules if name.startswith("telemetry.dashboards.")]:
        if name.rpartition(".")[2] in ("grids", "overview", "panels", "sheet"):
            monkeypatch.delitem(sys.modules, name)
    import telemetry.dashboards as package

    for name in ("grids", "overview", "panels", "sheet"):
        monkeypatch.delattr(package, name, raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(CommandError, match="pip install matplotlib"):
        run("--out", str(tmp_path))
