"""`pip install .` gives the telemetry app alone, whole."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.site import ROOT


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    pytest.importorskip("build")
    source = tmp_path_factory.mktemp("source")
    # A copy, because setuptools leaves its work beside the sources.
    for item in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / item, source)
    for package in ("telemetry", "fintech", "transactions"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, source / package, ignore=ignored)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", source / "out"],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (wheel,) = (source / "out").glob("*.whl")
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_holds_no_other_package(names):
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"telemetry"}


def test_it_holds_every_file_of_the_app(names):
    files = {
        path.relative_to(ROOT).as_posix()
        for path in Path(ROOT / "telemetry").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert any(name.startswith("telemetry/migrations/0001") for name in files)
    assert files <= names
