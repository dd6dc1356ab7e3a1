"""Four processes log as fast as they can beside a site that answers: memory stays bounded, and
every record is stored, or counted as dropped."""

import contextlib
import secrets
import time
import tracemalloc
from pathlib import Path

import psutil
import pytest

from telemetry.journal import writer
from tests.telemetry.faults.rounds import USUAL_SIZES, Rounds, fault
from tests.telemetry.faults.server import Clients, serving
from tests.telemetry.faults.world import World
from tests.telemetry.journal.helpers import make

WRITERS = 4
MEGABYTE = 1 << 20
# What a process may grow by: a writer keeps nothing, ingest one batch and its caches.
WRITER_GROWTH = 32 * MEGABYTE
INGEST_GROWTH = 256 * MEGABYTE


class Memory:
    """The resident size of processes, from when they were first looked at."""

    def __init__(self, *pids: int) -> None:
        self._processes = {pid: psutil.Process(pid) for pid in pids}
        self._first: dict[int, int] = {}
        self.growth = dict.fromkeys(pids, 0)

    def look(self) -> None:
        for pid, process in self._processes.items():
            with contextlib.suppress(psutil.NoSuchProcess):
                size = process.memory_info().rss
                self.growth[pid] = max(self.growth[pid], size - self._first.setdefault(pid, size))


def storm(world: World, rounds: Rounds, seconds: float, *, ingested: bool) -> None:
    with serving(world, "--workers=2") as server:
        ingest = world.start("ingest", forever=True) if ingested else world.start("idle")
        writers = [world.start("write", stream=f"storm-{n}") for n in range(WRITERS)]
        memory = Memory(ingest, *writers)
        # Their first record, and ingest's first batch, load what there is to load.
        time.sleep(seconds / 10)
        began, before = time.monotonic(), len(world.ledger.accepted())
        with Clients(server, "client", count=2, pause=0.005) as clients:
            while time.monotonic() - began < seconds:
                memory.look()
                time.sleep(0.05)
        took, emitted = time.monotonic() - began, len(world.ledger.accepted()) - before
        for writer in writers:
            world.kill(writer)
    assert {answer.status for answer in clients.answers} == {200}
    assert max(memory.growth[pid] for pid in writers) < WRITER_GROWTH
    assert memory.growth[ingest] < INGEST_GROWTH
    world.kill(ingest)
    assert world.run("ingest", seconds=500) == 0, world.output
    slowest = max(answer.seconds for answer in clients.answers)
    rounds.note(
        f"{emitted / took:,.0f} records/s by {WRITERS} processes for {took:.0f} s; writers grew by"
        f" at most {max(memory.growth[pid] for pid in writers) / MEGABYTE:.1f} MB, ingest by"
        f" {memory.growth[ingest] / MEGABYTE:.0f} MB; {len(clients.answers):,} requests answered,"
        f" the slowest in {slowest * 1e3:.0f} ms"
    )


@fault("log storm (4 processes), ingested meanwhile", quick=1, full=1, allows=("dropped",))
def test_a_storm_that_is_ingested_meanwhile(rounds: Rounds) -> None:
    for world, _ in rounds.worlds(INGEST="external", **USUAL_SIZES):
        storm(world, rounds, 10.0 if rounds.is_full else 1.0, ingested=True)
        # There was room for all of it.
        assert world.status()["dropped"] == {}


@fault("log storm (4 processes) into a journal that is full", quick=1, full=1, allows=("dropped",))
def test_a_storm_that_nobody_ingests(rounds: Rounds) -> None:
    cap = 8 * MEGABYTE if rounds.is_full else MEGABYTE
    sizes = {**USUAL_SIZES, "SEGMENT_BYTES": cap // 16, "JOURNAL_MAX_BYTES": cap}
    for world, _ in rounds.worlds(INGEST="external", **sizes):
        storm(world, rounds, 10.0 if rounds.is_full else 1.0, ingested=False)
        dropped = world.status()["dropped"]
        # The reasons are the journal's to name.
        assert sum(dropped.values()) > 0
        rounds.note(f"with a journal of at most {cap // MEGABYTE} MB dropped: {dropped}")


def test_a_full_journal_keeps_nothing_of_what_it_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY_SECONDS", 3_600.0)
    (tmp_path / "waiting").write_bytes(bytes(100))
    journal = make(tmp_path, max_bytes=50)
    assert not journal.append(b'"the first"')
    tracemalloc.start()
    try:
        for _ in range(2_000):
            assert not journal.append(b'"%s"' % secrets.token_hex(500).encode())
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    journal.close()
    # Of two megabytes.
    assert kept < 50_000
