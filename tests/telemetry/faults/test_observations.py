"""Every observation that was made is in the store once: threads, processes, kill -9 of ingest."""

import json
import signal
import time
from collections import Counter, defaultdict

import pytest

from telemetry.ingest import packed
from telemetry.ingest.histogram import index
from telemetry.ingest.resolutions import RESOLUTIONS
from tests.telemetry.faults import crash
from tests.telemetry.faults.observing import SHOPS, VISITORS, Observation, all_of
from tests.telemetry.faults.rounds import Rounds, fault
from tests.telemetry.faults.world import World

SERIES_MAX = 8
# Records too small for a full request, batches that end in the middle of one.
SETTINGS = {"METRIC_SERIES_MAX": SERIES_MAX, "MAX_RECORD_BYTES": 4_096, "DETAIL_SAMPLE": 0.0}
_SUMS = (
    "SELECT s.labels, b.resolution, sum(b.count), sum(b.total) FROM telemetry_bucket b"
    " JOIN telemetry_series s ON s.id = b.series_id JOIN telemetry_metric m ON m.id = s.metric_id"
    " WHERE m.name = ? GROUP BY s.labels, b.resolution"
)
_FALLEN = (
    "SELECT s.labels, b.resolution, b.histogram FROM telemetry_bucket b"
    " JOIN telemetry_series s ON s.id = b.series_id JOIN telemetry_metric m ON m.id = s.metric_id"
    " WHERE m.name = 'basket_amount'"
)


def sums(world: World, metric: str) -> dict[tuple[str, int], tuple[int, float]]:
    """(Labels, level) → how many observations, and their sum."""
    return {
        (labels, level): (count, total) for labels, level, count, total in world.rows(_SUMS, metric)
    }


def by_shop(made: list[Observation]) -> dict[str, list[float]]:
    found: defaultdict[str, list[float]] = defaultdict(list)
    for one in made:
        found[json.dumps({"shop": one.shop}, separators=(",", ":"))].append(one.amount)
    return found


def verify(world: World, made: list[Observation]) -> None:
    """Counts, sums and histograms of the store are those of what was made, at every level."""
    shops = by_shop(made)
    assert len(shops) == SHOPS
    expected = {
        (labels, level): (len(amounts), sum(amounts))
        for labels, amounts in shops.items()
        for level in RESOLUTIONS
    }
    assert sums(world, "sales_total") == expected
    assert sums(world, "basket_amount") == expected
    fallen: defaultdict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    for labels, level, histogram in world.rows(_FALLEN):
        fallen[labels, level].update(packed.unpack(histogram))
    assert fallen == {
        (labels, level): Counter(map(index, amounts))
        for labels, amounts in shops.items()
        for level in RESOLUTIONS
    }
    # Whichever came first have series of their own; together with the one more they are all.
    visits = sums(world, "visits_total")
    assert {level for _, level in visits} == set(RESOLUTIONS)
    for level in RESOLUTIONS:
        here = {labels: found for (labels, at), found in visits.items() if at == level}
        assert len(here) == SERIES_MAX + 1 < VISITORS
        assert sum(count for count, _ in here.values()) == len(made)
        overflow = here['{"otel_metric_overflow":"true"}']
        assert world.status()["overflowed"] == {"visits_total": overflow[0]}


@fault("kill -9 of ingest while threads observe metrics", quick=3, full=60)
def test_while_processes_observe(rounds: Rounds) -> None:
    for world, chance in rounds.worlds(**SETTINGS):
        names = ["one", "two", "three"]
        writers = [
            world.start("observe", name=name, threads=3, requests=8, pause=0.02) for name in names
        ]
        for _ in range(4):
            ingest = world.start("ingest", forever=True)
            time.sleep(chance.uniform(0.03, 0.15))
            assert world.kill(ingest) == -signal.SIGKILL
        for writer in writers:
            assert world.wait(writer) == 0, world.output[-3000:]
        assert world.run("ingest") == 0, world.output[-3000:]
        verify(world, list(all_of(names, threads=3, requests=8)))


@pytest.mark.parametrize("point", [point for point in crash.INGEST if point.startswith("batch")])
@fault("kill -9 of ingest at a named point, metrics compared", quick=1, full=3)
def test_at_a_named_point(point: str, rounds: Rounds) -> None:
    for world, chance in rounds.worlds(**SETTINGS):
        name = f"w{chance.getrandbits(32)}"
        assert world.run("observe", name=name, threads=2, requests=5) == 0, world.output[-3000:]
        plan: crash.Plan = {"point": point, "nth": chance.randrange(1, 6)}
        assert world.run("ingest", plan=plan) == -signal.SIGKILL, world.output[-3000:]
        assert world.run("ingest") == 0, world.output[-3000:]
        verify(world, list(all_of([name], threads=2, requests=5)))
