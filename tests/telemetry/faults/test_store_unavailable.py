"""A store that may not be written, is locked, or is not made yet: waited for, nothing lost."""

import time

from tests.telemetry.faults.rounds import USUAL_SIZES, Rounds, fault
from tests.telemetry.faults.server import Clients, assert_each_has_a_row, serving
from tests.telemetry.faults.world import World


def p99(seconds: list[float]) -> float:
    """The 99th percentile."""
    return sorted(seconds)[int(len(seconds) * 0.99)]


def is_locked(world: World) -> bool:
    """Whether `lock_store` holds its lock."""
    return (world.folder / "locked").exists()


@fault("store: read-only for a while", quick=1, full=20)
def test_a_store_that_is_read_only_is_waited_for(rounds: Rounds) -> None:
    for world, chance in rounds.worlds():
        world.write("before", 50)
        assert world.run("ingest") == 0
        files = list(world.store.parent.iterdir())
        for path in files:
            path.chmod(0o400)
        world.store.parent.chmod(0o500)
        ingest = world.start("ingest", forever=True, limit={"permissions": True})
        writer = world.start("write", stream="during", pause=0.001)
        world.until_said("waiting for the store")
        time.sleep(chance.uniform(0, 0.2))
        world.store.parent.chmod(0o700)
        for path in files:
            path.chmod(0o600)
        world.kill(writer)
        world.until_ingested()
        world.kill(ingest)


@fault("store: locked by another process, a site answers", quick=1, full=2)
def test_requests_do_not_wait_for_a_lock_on_the_store(rounds: Rounds) -> None:
    lasts = 30.0 if rounds.is_full else 3.0
    for world, _ in rounds.worlds(**USUAL_SIZES):
        # One of the workers ingests in a thread beside its requests.
        with serving(world, "--workers=2") as server:
            with Clients(server, "without", pause=0.002) as without:
                time.sleep(lasts)
            holder = world.start("lock_store", seconds=lasts)
            world.until(is_locked, "the store is locked")
            with Clients(server, "locked", pause=0.002) as locked:
                world.until(lambda w: not is_locked(w), "its end", lasts + 20)
            assert world.wait(holder) == 0
        answers = locked.answers
        assert {answer.status for answer in answers} == {200}
        assert max(answer.seconds for answer in answers) < lasts / 2
        usual, then = (p99([a.seconds for a in c.answers]) for c in (without, locked))
        rounds.note(
            f"p99 {then * 1e3:.1f} ms while locked for {lasts:.0f} s, {usual * 1e3:.1f} ms before"
            f" ({len(answers):,} and {len(without.answers):,} requests)"
        )
        if rounds.is_full:
            assert then < 3 * usual
        assert world.run("ingest") == 0, world.output
        assert_each_has_a_row(world, without.answers + answers)


@fault("store: not migrated yet", quick=1, full=20)
def test_a_store_that_is_not_made_yet_is_waited_for(rounds: Rounds) -> None:
    for world, chance in rounds.worlds(migrated=False):
        ingest = world.start("ingest", forever=True)
        writer = world.start("write", stream="early", pause=0.001)
        time.sleep(chance.uniform(0.1, 0.5))
        assert world.run("migrate") == 0, world.output
        world.kill(writer)
        world.until_ingested()
        world.kill(ingest)
        # Each reason once, not at each try.
        said = [text for text in world.output.splitlines() if "Run: python manage.py" in text]
        assert len(said) == len(set(said)) > 0
