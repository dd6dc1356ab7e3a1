"""A changed byte costs exactly the record that it was in, wherever it is."""

import random
from pathlib import Path

import pytest

from telemetry.journal import line, reader
from telemetry.journal.resync import PIECE_BYTES
from telemetry.journal.segment import path_of

PAYLOADS = [b'["l",%d,"%s"]' % (number, b"x" * (7 * number)) for number in range(6)]
LINES = [line.pack(seq, payload) for seq, payload in enumerate(PAYLOADS)]
WHOLE = b"".join(LINES)
STARTS = [sum(map(len, LINES[:n])) for n in range(len(LINES) + 1)]


def read(tmp_path: Path, data: bytes, limit: int = reader.READ_BYTES) -> list[reader.Record]:
    path = path_of(tmp_path, "ab" * 16, 0)
    path.write_bytes(data)
    found: list[reader.Record] = []
    position = next_seq = 0
    while True:
        chunk = reader.read(path, position, next_seq, limit)
        found += chunk.records
        position = chunk.position
        next_seq = max([next_seq, *(record.seq + 1 for record in chunk.records)])
        if chunk.finished:
            break
    assert position == len(data)
    # Every byte is in exactly one of them.
    assert [each.offset for each in found] == [0, *(each.end for each in found[:-1])]
    return found


@pytest.mark.parametrize("limit", [reader.READ_BYTES, 64])
@pytest.mark.parametrize("value", ["flip", "newline", "case", "zero", "hex"])
def test_any_byte_of_a_segment(tmp_path: Path, value: str, limit: int) -> None:
    for place in range(len(WHOLE)):
        byte = WHOLE[place]
        other = {"flip": byte ^ 1, "newline": 10, "case": byte ^ 32, "zero": 0, "hex": 97}[value]
        if other == byte:
            continue
        changed = bytearray(WHOLE)
        changed[place] = other
        found = read(tmp_path, bytes(changed), limit)
        hit = next(n for n in range(len(LINES)) if place < STARTS[n + 1])
        good = [record.payload for record in found if record.payload is not None]
        assert good == PAYLOADS[:hit] + PAYLOADS[hit + 1 :], (place, found)
        bad = [record for record in found if record.payload is None]
        assert [record.count for record in bad] == [1], (place, found)


@pytest.mark.parametrize("cut", range(1, len(LINES[-1])))
def test_a_last_line_cut_at_any_byte(tmp_path: Path, cut: int) -> None:
    found = read(tmp_path, WHOLE[:-cut])
    assert [record.payload for record in found] == [*PAYLOADS[:-1], None]
    assert (found[-1].reason, found[-1].count) == ("torn", 1)


def test_a_zeroed_page_counts_the_records_it_lay_over(tmp_path: Path) -> None:
    many = b"".join(line.pack(seq, b'["l",%d]' % seq) for seq in range(1_000))
    changed = many[:5_000] + bytes(4_096) + many[9_096:]
    found = read(tmp_path, changed)
    bad = [record for record in found if record.payload is None]
    assert len(bad) == 1
    assert sum(record.count for record in found) == 1_000
    assert bad[0].count == sum(
        many[:at].count(b"\n") * sign for at, sign in ((9_096, 1), (5_000, -1))
    ) + (many[4_999:5_000] != b"\n")


def test_inserted_bytes_are_kept_and_count_no_record(tmp_path: Path) -> None:
    found = read(tmp_path, LINES[0] + b"somebody's text\n" + LINES[1])
    assert [(record.payload, record.count) for record in found] == [
        (PAYLOADS[0], 1), (None, 0), (PAYLOADS[1], 1),
    ]  # fmt: skip


def test_a_text_that_looks_like_a_record_is_not_taken_for_one(tmp_path: Path) -> None:
    inner = line.pack(1, b'["l","inside"]')[:-1]
    outer = line.pack(1, b'["l","%s"]' % inner)
    spoilt = outer.replace(b'["l",', b'["x",', 1)
    found = read(tmp_path, LINES[0] + spoilt + line.pack(2, b'["l"]'))
    assert [record.count for record in found if record.payload is None] == [1]
    assert [record.seq for record in found] == [0, 1, 2]


def test_a_long_stretch_is_kept_in_pieces_and_counted_once(tmp_path: Path) -> None:
    found = read(tmp_path, LINES[0] + b"x" * (3 * PIECE_BYTES) + b"\n" + line.pack(4, b'["l"]'))
    bad = [record for record in found if record.payload is None]
    assert [record.count for record in bad] == [3, 0, 0, 0]
    assert found[-1].seq == 4


def test_random_bytes_of_a_large_segment(tmp_path: Path) -> None:
    chance = random.Random(4)
    size = 4_000
    lines = [
        line.pack(seq, b'["l",%d,"%s"]' % (seq, b"y" * chance.randrange(900)))
        for seq in range(size)
    ]
    changed = bytearray(b"".join(lines))
    for place in chance.sample(range(len(changed) - len(lines[-1])), 60):
        changed[place] ^= 1 << chance.randrange(8)
    found = read(tmp_path, bytes(changed), 50_000)
    assert sum(record.count for record in found) == size
    good = {record.seq for record in found if record.payload is not None}
    spoilt = {n for n, each in enumerate(found) if each.payload is None}
    assert len(good) >= size - 60
    assert spoilt
