"""No room for the journal: dropped and counted. No room for the store: waited for."""

import errno
import os
import time
from pathlib import Path

import pytest
from django.test import override_settings

from telemetry.ingest import election
from telemetry.journal import board, reader
from tests.telemetry.faults import mounts
from tests.telemetry.faults.rounds import Rounds, fault
from tests.telemetry.faults.server import Clients, assert_each_has_a_row, serving
from tests.telemetry.faults.world import World

# The first is in the middle of a segment, the second before there is any file.
MOMENTS = ([40, 60], [0, 20])


@fault("journal: its files cannot grow (RLIMIT_FSIZE)", quick=2, full=30, allows=("dropped",))
def test_files_that_cannot_grow_drop_and_count(rounds: Rounds) -> None:
    for number, (world, chance) in enumerate(rounds.worlds()):
        first, last = MOMENTS[number % 2]
        # The ledger itself needs twelve.
        size = chance.choice([12, 300, 3_000])
        options = {"stream": "s", "count": 100, "limited": [first, last], "size": size}
        assert world.run("write_where_files_cannot_grow", **options) == 0, world.output
        assert world.run("ingest") == 0, world.output
        stored = {
            int(message.split()[0].partition(".")[2])
            for (message,) in world.rows("SELECT message FROM telemetry_log")
        }
        dropped = sum(world.status()["dropped"].values())
        # Each that is missing was counted, and nothing is missing once there is room again.
        assert dropped == 100 - len(stored) > 0
        assert set(range(last, 100)) <= stored


@fault("journal: its disk is full (tmpfs), a site answers", quick=1, full=5, allows=("dropped",))
def test_a_full_disk_of_the_journal_is_no_concern_of_requests(rounds: Rounds) -> None:
    # To the last byte: no floor of free space, where there is one.
    for world, _ in rounds.worlds(INGEST="external", JOURNAL_MIN_FREE_BYTES=1):
        with mounts.small(world.journal, 300_000), serving(world, "--workers=2") as server:
            with Clients(server, "full") as clients:
                world.until(lambda w: w.status()["dropped"], "records are dropped")
                clients.wait_for(20)
            assert {answer.status for answer in clients.answers} == {200}
            assert world.run("ingest", seconds=2) in (0, 1), world.output
            left = sum(path.stat().st_size for path in world.journal.glob("*.seg"))
            # Who could not make a file tries again half a second later.
            time.sleep(1)
            with Clients(server, "room", count=1, pause=0.01) as back:
                # A worker that had no room for a board counted in memory until now.
                world.until(lambda w: _writers(w) >= set(server.workers()), "both have a board")
                back.wait_for(5)
            before = world.status()["dropped"]
            # One, and slowly: it must not fill the disk again.
            with Clients(server, "later", count=1, pause=0.01) as later:
                later.wait_for(40)
            assert {answer.status for answer in later.answers} == {200}
            server.stop()
            assert world.run("ingest") == 0, world.output
            dropped = world.status()["dropped"]
            assert dropped == before, f"{len(later.answers)} answers into {left} bytes"
            assert_each_has_a_row(world, later.answers)


def _writers(world: World) -> set[int]:
    """The processes that have a board."""
    found = map(board.read, reader.boards(world.journal))
    return {one.pid for one in found if one is not None}


@fault("store: its disk is full (tmpfs)", quick=1, full=10)
def test_a_full_disk_of_the_store_is_waited_for(rounds: Rounds) -> None:
    for world, _ in rounds.worlds():
        size = world.store.stat().st_size
        with mounts.small(world.store.parent, size + 300_000):
            ingest = world.start("ingest", forever=True)
            writer = world.start("write", stream="s", pause=0.0005)
            world.until_said("waiting for the store")
            time.sleep(0.3)
            mounts.resize(world.store.parent, size + 50_000_000)
            world.kill(writer)
            world.until_ingested()
            world.kill(ingest)


@fault("store: its files cannot grow (RLIMIT_FSIZE)", quick=1, full=10)
def test_a_store_that_cannot_grow_is_waited_for(rounds: Rounds) -> None:
    for world, chance in rounds.worlds():
        for part in "abc":
            world.write(part, 200)
        size = world.store.stat().st_size + chance.choice([0, 10_000, 50_000])
        status = world.run("ingest", limit={"file_bytes": size}, seconds=1.5)
        assert status == 1, "there was room"
        assert "waiting for the store" in world.output
        assert list(Path(world.journal).glob("*.seg"))


def test_the_ingest_lock_is_taken_although_there_is_no_room_for_its_holders_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with override_settings(TELEMETRY={"DATA_DIR": tmp_path}), monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        # It is ingest that makes room.
        held = election.Election()
        assert held.acquire()
        assert election.holder() == {}
        held.release()
