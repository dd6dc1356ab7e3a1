"""Harm to a segment's bytes, or to the file itself: set aside alone, or reported to the record."""

import json
import random
from pathlib import Path

import pytest

from telemetry.journal import line
from tests.telemetry.faults.rounds import Rounds, fault
from tests.telemetry.faults.world import World


def harmful(data: bytes, chance: random.Random) -> tuple[int, int]:
    """A place in one of the lines, and a bit of it, that make it another line and no record."""
    while True:
        at, bit = chance.randrange(len(data)), 1 << chance.randrange(8)
        begin, end = data.rfind(b"\n", 0, at) + 1, data.index(b"\n", at)
        # A newline more, or one less, harms two. A checksum in capitals is the same checksum.
        if at == end or data[at] ^ bit == 10:
            continue
        try:
            line.unpack(data[begin:at] + bytes([data[at] ^ bit]) + data[at + 1 : end])
        except ValueError:
            return at, bit


def segments(world: World) -> list[Path]:
    return sorted(world.journal.glob("*.seg"))


@fault("torn last line: cut at every byte of it", quick=60, full=900, allows=("quarantined",))
def test_a_last_line_that_is_cut(rounds: Rounds) -> None:
    # Quickly: as many cuts, spread over the line.
    stride = 1 if rounds.is_full else 11
    expected = 0
    for number, (world, _) in enumerate(rounds.worlds(each=60)):
        world.write(f"s{number}", 1)
        segment = max(segments(world), key=lambda path: path.stat().st_mtime_ns)
        whole = segment.read_bytes()
        last = whole[whole[:-1].rfind(b"\n") + 1 :]
        cut = 1 + number * stride % (len(last) - 1)
        segment.write_bytes(whole[:-cut])
        expected += 1
    assert rounds.verdict.quarantined == expected


@fault("flipped byte in the middle of a segment", quick=5, full=200, allows=("quarantined",))
def test_a_byte_that_is_flipped(rounds: Rounds) -> None:
    for number, (world, chance) in enumerate(rounds.worlds(each=25)):
        world.write(f"s{number}", 5)
        segment = max(segments(world), key=lambda path: path.stat().st_mtime_ns)
        whole = segment.read_bytes()
        at, bit = harmful(whole, chance)
        segment.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
    assert rounds.verdict.quarantined == rounds.done


@pytest.mark.parametrize("level", [2**63, 2**64 - 1])
@fault("poison record: one that SQLite refuses", quick=1, full=10, allows=("quarantined",))
def test_a_record_that_the_store_refuses(level: int, rounds: Rounds) -> None:
    for world, chance in rounds.worlds():
        world.write("before", chance.randint(1, 30))
        assert world.run("poison", level=level) == 0, world.output
        world.write("after", chance.randint(1, 30))
    assert rounds.verdict.quarantined == rounds.count


def test_a_segment_that_is_removed_by_hand_is_missed_by_exactly_its_records(world: World) -> None:
    world.write("kept", 5)
    assert world.run("ingest") == 0
    world.write("gone", 7)
    for path in segments(world):
        path.unlink()
    assert world.run("ingest") == 0
    done = world.manage("telemetry_status", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    accounted = found["stored"] + found["quarantined"] + found["pending"]
    # The seven, and the one that introduced their process.
    assert found["emitted"] - accounted == 8
    assert not found["balanced"]
