"""Journal, store and log files on different filesystems."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.telemetry.faults.rounds import Rounds, fault

SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another filesystem than `tmp_path`."""
    if not SHARED_MEMORY.is_dir() or SHARED_MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("one filesystem only")
    folder = Path(tempfile.mkdtemp(dir=SHARED_MEMORY))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("part", ["journal", "archive", "logs", "db"])
@fault("one of journal, archive, log files, store on another filesystem", quick=1, full=5)
def test_one_part_on_another_filesystem(part: str, elsewhere: Path, rounds: Rounds) -> None:
    for number, (world, _) in enumerate(rounds.worlds()):
        target = elsewhere / f"{part}-{number}"
        if (world.folder / part).exists():
            shutil.move(world.folder / part, target)
        else:
            target.mkdir()
        (world.folder / part).symlink_to(target)
        for name in "ab":
            world.write(name, 100)
            assert world.run("ingest") == 0, world.output
        if part != "journal":
            assert list(target.iterdir())
