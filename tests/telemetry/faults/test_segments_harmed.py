"""Harm to a segment's bytes, or to the file itself: set aside alone, or reported to the record."""

import json
from pathlib import Path

import pytest

from tests.telemetry.faults.rounds import Rounds, fault
from tests.telemetry.faults.world import World


def segments(world: World) -> list[Path]:
    return sorted(world.journal.glob("*.seg"))


@fault("torn last line: cut at every byte of it", quick=60, full=600, allows=("quarantined",))
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
        data = bytearray(segment.read_bytes())
        # Not a newline, and none made: that harms two records.
        places = [at for at, byte in enumerate(data) if byte != 10 and byte ^ 1 << 3 != 10]
        data[chance.choice(places)] ^= 1 << chance.choice([0, 1, 2, 4, 5, 6, 7])
        if data.count(b"\n") == segment.read_bytes().count(b"\n"):
            segment.write_bytes(data)
        else:
            rounds.missed()
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
