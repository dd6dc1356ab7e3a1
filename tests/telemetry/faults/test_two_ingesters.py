"""Ingesters that take over from each other under load: one works at a time, nothing is doubled."""

import time

from tests.telemetry.faults.rounds import Rounds, fault
from tests.telemetry.faults.server import Clients, assert_each_has_a_row, serving
from tests.telemetry.faults.world import World


@fault("ingest handed over on request under load", quick=4, full=100)
def test_they_take_turns_on_request(rounds: Rounds) -> None:
    for world, chances in rounds.batches(each=25):
        writer = world.start("write", stream="s", pause=0.0005)
        working = world.start("ingest", forever=True)
        for chance in chances:
            time.sleep(chance.uniform(0.02, 0.15))
            # It asks, the one before hands over after its commit and ends.
            later = world.start("ingest", forever=True)
            assert world.wait(working) == 0, world.output
            working = later
        world.kill(writer)
        world.kill(working)


@fault("manage.py ingest takes over from a site, which goes on after its end", quick=1, full=5)
def test_a_command_takes_over_from_a_site(rounds: Rounds) -> None:
    for world, chance in rounds.worlds():
        with serving(world, "--workers=2") as server, Clients(server, "s", pause=0.002) as clients:
            clients.wait_for(20)
            command = world.start("ingest", forever=True)
            takes_over(world, command)
            time.sleep(chance.uniform(0.1, 0.5))
            world.kill(command)
            clients.wait_for(20)
            goes_on(world)
        assert world.run("ingest") == 0, world.output
        assert_each_has_a_row(world, clients.answers)


def goes_on(world: World) -> None:
    """Until more is stored. Something waits at any time: ingest breathes, and clients go on."""
    stored = world.status()["stored"]
    world.until(lambda w: w.status()["stored"] > stored + 20, "the site ingests again")


def takes_over(world: World, pid: int) -> None:
    """Until this process is the one that ingests."""
    world.until(lambda w: f"pid {pid}" in str(w.status()["holder"]), "the command has the lock")
