"""kill -9 of a process that logs: at named points, at lines of capture and journal, whenever."""

import json
import signal
import time

import pytest

from tests.telemetry.faults import crash
from tests.telemetry.faults.rounds import ROUNDS_A_WORLD, Rounds, fault
from tests.telemetry.faults.world import World

CODE = ["telemetry/capture", "telemetry/journal"]
RECORDS = 60


@pytest.mark.parametrize("point", crash.WRITER)
@fault("kill -9 of a writer at a named point", quick=1, full=10)
def test_at_a_named_point(point: str, rounds: Rounds) -> None:
    for number, (world, chance) in enumerate(rounds.worlds(each=10)):
        # Only the first of a process's boards; the second of its segments is a rotation.
        nth = 1 if "board" in point else chance.choice([1, 2])
        plan: crash.Plan = {"point": point, "nth": nth}
        status = world.run("write", stream=f"s{number}", count=RECORDS, plan=plan)
        assert status == -signal.SIGKILL, f"not reached: {point}\n{world.output[-2000:]}"


@fault("kill -9 of a writer at a line of capture or journal", quick=8, full=300)
def test_at_a_line(rounds: Rounds) -> None:
    lines: list[tuple[str, int]] = []
    for number, (world, chance) in enumerate(rounds.worlds(each=ROUNDS_A_WORLD)):
        lines = lines or survey(world)
        line, hits = lines[number % len(lines)] if rounds.is_full else chance.choice(lines)
        plan: crash.Plan = {"line": line, "hit": chance.randint(1, hits), "within": CODE}
        status = world.run("write", stream=f"s{number}", count=RECORDS, plan=plan)
        # Rotation comes a little earlier or later with other texts.
        if status != -signal.SIGKILL:
            rounds.missed()
    assert rounds.done > rounds.count / 2


@fault("kill -9 of writers beside ingest", quick=4, full=100)
def test_beside_ingest(rounds: Rounds) -> None:
    for number, (world, chance) in enumerate(rounds.worlds(each=ROUNDS_A_WORLD)):
        ingest = world.start("ingest", forever=True)
        writers = [world.start("write", stream=f"s{number}-{part}") for part in "ab"]
        time.sleep(chance.uniform(0.02, 0.15))
        for writer in writers:
            assert world.kill(writer) == -signal.SIGKILL
        world.kill(ingest)


@fault("torn last line: half written when its process died", quick=2, full=20,
       allows=("quarantined",))  # fmt: skip
def test_half_a_line(rounds: Rounds) -> None:
    for number, (world, chance) in enumerate(rounds.worlds(each=10)):
        plan: crash.Plan = {"point": "record: half written", "nth": chance.randint(2, RECORDS)}
        status = world.run("write", stream=f"s{number}", count=RECORDS, plan=plan)
        assert status == -signal.SIGKILL, world.output[-2000:]
    # It was not accepted, so it is no loss, and nothing beside it is touched.
    assert (rounds.verdict.quarantined, rounds.verdict.lost) == (rounds.count, 0)


def survey(world: World) -> list[tuple[str, int]]:
    """The lines that logging so many records runs, and how often it reaches each."""
    target = world.folder / "survey"
    world.write("survey", RECORDS, plan={"survey": str(target), "within": CODE})
    found: dict[str, int] = json.loads(target.read_text())
    return sorted(found.items())
