"""The archive is what a restored store is read again from: it has every record, whatever ended."""

import gzip
import signal

import pytest

from tests.telemetry.faults.world import World


def archived(world: World) -> set[str]:
    """The messages' ids in the archive's files, as far as they can be read."""
    found: set[str] = set()
    for path in sorted((world.folder / "archive").glob("*.gz")):
        for word in gzip.decompress(path.read_bytes()).decode().split('"'):
            if word.startswith("s.") and " " in word:
                found.add(word.partition(" ")[0])
    return found


@pytest.mark.parametrize(
    "point",
    [
        "archive: before",
        "archive: half written",
        "archive: kept, segment there",
        "segment: removed, not committed",
    ],
)
def test_it_has_every_record(point: str, world: World) -> None:
    world.write("s", 60)
    assert world.run("ingest", plan={"point": point, "nth": 2}) == -signal.SIGKILL
    assert world.settle().problems == []
    assert archived(world) == {f"s.{number}" for number in range(60)}
