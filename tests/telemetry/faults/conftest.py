"""Worlds to break, and the table of what became of the records."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.telemetry.faults.rounds import Rounds, table
from tests.telemetry.faults.world import World
from tests.telemetry.faults.zygote import Zygote

_lines: list[tuple[str, Rounds]] = []


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault: see tests/telemetry/faults/rounds.py")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("fault")
    if marker is None or "rounds" not in metafunc.fixturenames:
        return
    scales = []
    if marker.kwargs["quick"]:
        scales.append(pytest.param(False, id="quick"))
    if marker.kwargs["full"]:
        scales.append(pytest.param(True, id="full", marks=pytest.mark.soak))
    metafunc.parametrize("rounds", scales, indirect=True)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _lines:
        terminalreporter.section("records under faults")
        terminalreporter.write_line(table(_lines))


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """A process that forks others."""
    made = Zygote(tmp_path_factory.mktemp("zygote"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def template(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty store; copy, don't use."""
    world = World(zygote, tmp_path_factory.mktemp("template") / "world", None)
    assert world.run("migrate") == 0, world.output
    return world.store


@pytest.fixture
def make_world(zygote: Zygote, template: Path, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes a `World`; keywords are telemetry's settings, `folder` is where it is to be, and
    `migrated=False` leaves the store out."""
    worlds: list[World] = []

    def make(folder: Path | None = None, migrated: bool = True, **telemetry: Any) -> World:
        place = folder or tmp_path / f"world-{len(worlds)}"
        worlds.append(World(zygote, place, template if migrated else None, **telemetry))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """One."""
    return make_world()


@pytest.fixture
def rounds(request: pytest.FixtureRequest, make_world: Callable[..., World]) -> Iterator[Rounds]:
    """The rounds of a test that is marked as a `fault`."""
    given = request.node.get_closest_marker("fault").kwargs
    count = given["full"] if request.param else given["quick"]
    made = Rounds(count, request.param, given["allows"], make_world)
    yield made
    _lines.append((given["title"], made))
