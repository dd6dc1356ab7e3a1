"""The ends that a process is given: all that it has recorded is there."""

import signal
import time

import pytest

from tests.site import wait_for
from tests.telemetry.faults.rounds import Rounds, fault
from tests.telemetry.faults.server import Clients, assert_each_has_a_row, serving

ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGABRT, signal.SIGHUP, signal.SIGSEGV)


@pytest.mark.parametrize("number", ENDS)
@fault("a writer ended by SIGTERM, SIGINT, SIGABRT, SIGHUP, SIGSEGV", quick=1, full=10)
def test_of_a_process_that_logs(number: signal.Signals, rounds: Rounds) -> None:
    for each, (world, chance) in enumerate(rounds.worlds(each=10)):
        writer = world.start("write", stream=f"s{each}")
        time.sleep(chance.uniform(0.02, 0.1))
        # Python turns SIGINT into an exception, the others end it where it stands.
        assert world.kill(writer, number) == (70 if number == signal.SIGINT else -number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
@fault("gunicorn ended by SIGTERM, SIGINT, SIGQUIT under load", quick=1, full=10)
def test_of_gunicorn(number: signal.Signals, rounds: Rounds) -> None:
    for world, _ in rounds.worlds():
        with serving(world, "--workers=2") as server, Clients(server, "s") as clients:
            clients.wait_for(20)
            server.send(number)
            assert server.wait() == 0
        assert world.run("ingest") == 0, world.output
        assert_each_has_a_row(world, clients.answers)


@fault("gunicorn workers replaced after max_requests", quick=1, full=3)
def test_of_workers_that_are_replaced(rounds: Rounds) -> None:
    for world, _ in rounds.worlds():
        limits = ("--max-requests=15", "--max-requests-jitter=5")
        with serving(world, "--workers=2", *limits) as server, Clients(server, "s") as clients:
            wait_for(lambda: len({a.body for a in clients.answers}) >= 6, 30, "six workers")
        assert world.run("ingest") == 0, world.output
        assert_each_has_a_row(world, clients.answers)


@fault("a web worker ended by SIGABRT", quick=1, full=10)
def test_of_a_worker_alone(rounds: Rounds) -> None:
    for world, chance in rounds.worlds():
        with serving(world, "--workers=2") as server, Clients(server, "s") as clients:
            clients.wait_for(20)
            world.strike(chance.choice(server.workers()), signal.SIGABRT)
            clients.wait_for(20)
        assert world.run("ingest") == 0, world.output
        assert_each_has_a_row(world, clients.answers)
