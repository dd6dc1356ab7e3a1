"""What telemetry does never comes back to it as records, and it says little on stderr."""

import time

from tests.telemetry.faults.world import World


def test_code_that_logs_inside_ingest_does_not_keep_it_busy(world: World) -> None:
    world.write("s", 50)
    assert world.run("ingest_that_logs", turns=20) == 0, world.output
    # On stderr instead, and there once in a while.
    assert world.output.count("from ingest") == 1
    assert world.settle().problems == []


def test_filters_and_texts_that_log_end(world: World) -> None:
    assert world.run("log_with_a_filter_that_logs", count=20) == 0, world.output
    assert world.settle().problems == []
    texts = [text for (text,) in world.rows("SELECT message FROM telemetry_log")]
    assert sum(text.startswith("outer") for text in texts) == 20
    assert "Traceback" not in world.output


def test_a_store_that_is_away_is_spoken_of_once(world: World) -> None:
    world.store.unlink()
    ingest = world.start("ingest", forever=True)
    time.sleep(2.5)
    world.kill(ingest)
    assert world.output.count("waiting for the store") == 1
