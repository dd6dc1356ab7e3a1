"""The oracle itself: it notices what it is there to notice, and counts it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.telemetry.faults import oracle
from tests.telemetry.faults.world import World

COPY = (
    "INSERT INTO telemetry_log SELECT max(id) OVER () + row_number() OVER (), {} FROM telemetry_log"
    " WHERE message LIKE 's.3 %'"
)


@pytest.fixture
def settled(world: World) -> World:
    world.write("s", 10)
    assert world.settle().problems == []
    return world


def change(world: World, statement: str) -> None:
    with closing(sqlite3.connect(world.store)) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(telemetry_log)")]
        db.execute(statement.format(", ".join(columns[1:])))
        db.commit()


def lose_a_line(world: World) -> None:
    path = world.folder / "logs" / "app.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"s.3 ' not in line))


@pytest.mark.parametrize(
    ("harm", "lost", "duplicated", "said"),
    [
        ("DELETE FROM telemetry_log WHERE message LIKE 's.3 %'", 1, 0, "store: 1 lost: s.3"),
        (COPY, 0, 1, "store: 1 duplicated: s.3"),
        ("UPDATE telemetry_log SET message = message || 'x' WHERE message LIKE 's.3 %'", 0, 0,
         "store: 1 changed: s.3"),
        ("UPDATE telemetry_log SET level = 10 WHERE message LIKE 's.3 %'", 0, 0,
         "store: 1 changed: s.3"),
        (lose_a_line, 1, 0, "log files: 1 lost: s.3"),
    ],
)  # fmt: skip
def test_it_notices(
    harm: str | Callable[[World], None], lost: int, duplicated: int, said: str, settled: World
) -> None:
    if isinstance(harm, str):
        change(settled, harm)
    else:
        harm(settled)
    found = settled.judge()
    assert (found.lost, found.duplicated, found.problems) == (lost, duplicated, [said])


def test_it_notices_a_record_that_nobody_emitted(settled: World) -> None:
    (settled.folder / "notes" / "s").unlink()
    assert "store: 10 never emitted: s.0, s.1, s.2, s.3, s.4" in settled.judge().problems


def test_it_notices_an_equation_that_does_not_hold(settled: World) -> None:
    change(settled, "UPDATE telemetry_total SET value = value + 1 WHERE name = 'emitted'")
    assert any("equation" in problem for problem in settled.judge().problems)


def test_a_torn_line_explains_no_record_that_is_missing(settled: World) -> None:
    status = settled.status() | {"quarantined": 1}
    logs = settled.folder / "logs"

    def judged(killed: int) -> list[str]:
        found = oracle.judge(settled.ledger, settled.store, logs, status, frozenset(), killed)
        return [problem.partition(":")[0] for problem in found.problems]

    assert judged(killed=0) == ["1 quarantined"]
    assert judged(killed=1) == []
    change(settled, "DELETE FROM telemetry_log WHERE message LIKE 's.3 %'")
    assert judged(killed=1) == ["store"]
