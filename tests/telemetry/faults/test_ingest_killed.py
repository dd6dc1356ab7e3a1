"""kill -9 of ingest, at named points between two steps, at lines of its code, and whenever."""

import json
import signal
import time

import pytest

from tests.telemetry.faults import crash
from tests.telemetry.faults.rounds import ROUNDS_A_WORLD, Rounds, fault
from tests.telemetry.faults.world import World

CODE = ["telemetry/ingest", "telemetry/journal", "telemetry/retention"]
RECORDS = 24


def leave_work(world: World, stream: str) -> None:
    """Segments of a process that was killed with a unit of work on its board."""
    world.run("write", stream=stream, count=RECORDS, running=1, suicide=True)


def crash_ingest(world: World, plan: crash.Plan) -> None:
    """Runs ingest until it kills itself as planned."""
    status = world.run("ingest", plan=plan)
    assert status == -signal.SIGKILL, f"not reached: {plan}\n{world.output[-2000:]}"


@pytest.mark.parametrize("point", crash.INGEST)
@fault("kill -9 of ingest at a named point", quick=1, full=5)
def test_at_a_named_point(point: str, rounds: Rounds) -> None:
    for world, chance in rounds.worlds(each=5):
        stream = f"s{chance.getrandbits(32)}"
        # Log files rotate with the third of them.
        for part in "abc":
            leave_work(world, f"{stream}-{part}")
        crash_ingest(world, {"point": point, "nth": 1})


@fault("kill -9 of ingest at a line of its code", quick=12, full=700)
def test_at_a_line(rounds: Rounds) -> None:
    lines: list[tuple[str, int]] = []
    for number, (world, chance) in enumerate(rounds.worlds(each=ROUNDS_A_WORLD)):
        lines = lines or survey(world)
        leave_work(world, f"s{number}")
        # In full: each line in turn, then again with other chances.
        line, hits = lines[number % len(lines)] if rounds.is_full else chance.choice(lines)
        # The survey has three times as much to read.
        hit = chance.choice([1, max(1, hits // 3)])
        plan: crash.Plan = {"line": line, "hit": hit, "within": CODE}
        # Some lines are reached less often than in the survey.
        if world.run("ingest", plan=plan) != -signal.SIGKILL:
            rounds.missed()
    assert rounds.done > rounds.count / 2


@fault("kill -9 of ingest while others write", quick=4, full=200)
def test_while_others_write(rounds: Rounds) -> None:
    for number, (world, chance) in enumerate(rounds.worlds(each=ROUNDS_A_WORLD)):
        writers = [world.start("write", stream=f"s{number}-{part}", pause=0.002) for part in "ab"]
        ingest = world.start("ingest", forever=True)
        time.sleep(chance.uniform(0.02, 0.25))
        assert world.kill(ingest) == -signal.SIGKILL
        for writer in writers:
            world.kill(writer)


def survey(world: World) -> list[tuple[str, int]]:
    """The lines that an ordinary turn of ingest runs, and how often it reaches each."""
    for part in "abc":
        leave_work(world, f"survey-{part}")
    target = world.folder / "survey"
    assert world.run("ingest", plan={"survey": str(target), "within": CODE}) == 0, world.output
    found: dict[str, int] = json.loads(target.read_text())
    return sorted(found.items())
