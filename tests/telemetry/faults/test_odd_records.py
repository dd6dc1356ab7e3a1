"""Odd values travel through logging, the journal and ingest: stored, or set aside and counted."""

import pytest

from tests.telemetry.faults import oddities
from tests.telemetry.faults.world import World


@pytest.mark.parametrize("case", oddities.CASES)
def test_an_odd_record_is_stored_and_nothing_beside_it_suffers(case: str, world: World) -> None:
    world.write("before", 2)
    assert world.run("odd", case=case) == 0, world.output[-3000:]
    world.write("after", 2)
    assert world.settle().problems == []
    rows = world.rows(
        "SELECT l.message FROM telemetry_log l JOIN telemetry_name n ON n.id = l.logger_id"
        " WHERE n.value = 'odd' AND l.message NOT LIKE 'odd inner%'"
    )
    assert len(rows) == 1, world.output[-3000:]
    if "message" not in case:
        assert rows[0][0].startswith(f"odd {case}")


def test_a_long_message_is_cut_and_says_how_long_it_was(world: World) -> None:
    assert world.run("odd", case="long as argument") == 0
    world.settle()
    ((message,),) = world.rows("SELECT message FROM telemetry_log WHERE message LIKE 'odd %'")
    assert message.endswith(f"[cut: {len('odd long as argument ') + 100_000} characters]")


def test_a_text_that_logs_is_recorded_and_ends(world: World) -> None:
    assert world.run("odd", case="a text that logs") == 0
    world.settle()
    found = world.rows("SELECT message FROM telemetry_log WHERE message LIKE 'odd %' ORDER BY id")
    # Once: the handlers of this site do not format it again.
    assert sorted(text for (text,) in found) == [
        "odd a text that logs talks",
        "odd inner: said from inside capture",
    ]
