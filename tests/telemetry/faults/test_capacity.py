"""How many threads gunicorn's workers have is found out without a setting."""

import pytest

from telemetry.journal import boards
from tests.site import wait_for
from tests.telemetry.faults.server import serving
from tests.telemetry.faults.world import World


@pytest.mark.parametrize(("arguments", "expected"), [(("--threads=3",), 3), (("--threads=1",), 1)])
def test_gunicorn_is_asked(world: World, arguments: tuple[str, ...], expected: int) -> None:
    with serving(world, "--workers=1", *arguments) as server:
        server.get("/healthz")
        told = wait_for(
            lambda: [
                found.threads
                for path in world.journal.glob("*.board")
                if (found := boards.read(path)) is not None and found.threads
            ],
            10,
            "a board",
        )
    assert told == [expected]
