"""Fixtures that every folder shares."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.site import Site, prepare

pytest_plugins = ["telemetry.testing"]


@pytest.fixture(scope="session")
def prepared_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with migrated databases, an admin user and two demo users; copy, don't use."""
    return prepare(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def make_site(prepared_data_dir: Path, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes a `Site`, not started yet, with prepared data; keywords: environment variables."""
    sites: list[Site] = []

    def make(**env: str) -> Site:
        folder = tmp_path / f"site-{len(sites)}"
        shutil.copytree(prepared_data_dir, folder)
        sites.append(Site(folder, env))
        return sites[-1]

    yield make
    for each in sites:
        each.stop()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """The real thing, running: supervisor, gunicorn and ingest; `make_site` for other shapes."""
    made = make_site()
    made.start("--no-cluster")
    made.wait_ready()
    return made
