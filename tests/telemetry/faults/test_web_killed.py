"""kill -9 of a web worker under load; and what its last requests look like afterwards."""

import signal
import threading
import time
from contextlib import suppress

from tests.site import wait_for
from tests.telemetry.faults.rounds import ROUNDS_A_WORLD, Rounds, fault
from tests.telemetry.faults.server import Clients, assert_each_has_a_row, serving
from tests.telemetry.faults.world import World

DIED = (
    "SELECT r.uid, r.status FROM telemetry_request r JOIN telemetry_name n"
    " ON n.id = r.error_type_id WHERE n.value = 'process_died'"
)

ABORTED = (
    "SELECT n.value, r.status FROM telemetry_request r JOIN telemetry_name n"
    " ON n.id = r.error_type_id WHERE r.path LIKE '/slow/%'"
)


@fault("kill -9 of a web worker mid-load", quick=4, full=100)
def test_a_worker_under_load(rounds: Rounds) -> None:
    for world, chances in rounds.batches(each=ROUNDS_A_WORLD):
        # One of the workers ingests, and is killed as often as the other.
        with serving(world, "--workers=2") as server, Clients(server, "s") as clients:
            for chance in chances:
                clients.wait_for(20)
                time.sleep(chance.uniform(0, 0.1))
                world.strike(chance.choice(server.workers()), signal.SIGKILL)
            clients.wait_for(20)
        assert world.run("ingest") == 0, world.output[-2000:]
        assert_each_has_a_row(world, clients.answers)


def test_a_request_that_runs_when_its_process_dies_has_a_row_that_says_so(world: World) -> None:
    with serving(world, "--workers=1") as server:

        def ask() -> None:
            with suppress(OSError):
                server.get("/slow/30/")

        asking = threading.Thread(target=ask)
        asking.start()
        (worker,) = wait_for(lambda: len(server.workers()) == 1 and server.workers(), 5, "a worker")
        wait_for(lambda: running(world), 5, "the request is on the board")
        world.strike(worker, signal.SIGKILL)
        asking.join()
        with Clients(server, "after", count=1):
            rows = wait_for(lambda: world.rows(DIED), 10, "its row")
    assert [status for _, status in rows] == [None]
    assert world.settle().problems == []


def running(world: World) -> bool:
    return any(b"/slow/30/" in path.read_bytes() for path in world.journal.glob("*.board"))


def test_a_worker_that_gunicorn_aborts_for_its_time_leaves_everything(world: World) -> None:
    # SIGABRT, which gunicorn turns into SystemExit inside the request: it still says so itself.
    with serving(world, "--workers=1", "--threads=1", "--timeout=1") as server:
        with Clients(server, "before", count=1) as clients:
            clients.wait_for(10)
        with suppress(OSError):
            server.get("/slow/30/")
        with Clients(server, "after", count=1) as later:
            later.wait_for(10)
            rows = wait_for(lambda: world.rows(ABORTED), 10, "the row of the aborted request")
    assert rows == [("SystemExit", None)]
    assert world.settle().problems == []
    assert_each_has_a_row(world, clients.answers + later.answers)
