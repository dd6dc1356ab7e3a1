"""A line is a whole, unchanged record or it is not one."""

from zlib import adler32, crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.journal.line import BadLine, pack, unpack

LINE = pack(7, b'["l","text"]')


@given(st.integers(0, 2**63), st.binary().map(lambda data: b"[%b]" % data.replace(b"\n", b"")))
def test_what_was_packed_is_unpacked(seq: int, payload: bytes) -> None:
    line = pack(seq, payload)
    assert line.endswith(b"\n")
    assert unpack(line[:-1]) == (seq, payload)


def test_a_line_is_read_whose_sum_is_as_older_versions_wrote_it() -> None:
    payload = b'["l","text"]'
    for found in (crc32(payload, 7), crc32(b"7 " + payload)):
        assert unpack(b"%08x 7 %b" % (found, payload)) == (7, payload)


@pytest.mark.parametrize("number", [b"+7", b" 7", b"0_7", b"-7", b""])
def test_a_number_in_another_form_is_refused(number: bytes) -> None:
    with pytest.raises(BadLine):
        unpack(b"%08x %b %b" % (adler32(b'["l","text"]', 7), number, b'["l","text"]'))


@pytest.mark.parametrize("length", range(len(LINE) - 1))
def test_a_line_cut_at_any_byte_is_refused(length: int) -> None:
    with pytest.raises(BadLine):
        unpack(LINE[:length])


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("place", range(len(LINE) - 1))
def test_a_flipped_bit_in_any_byte_is_noticed(place: int, bit: int) -> None:
    changed = bytearray(LINE[:-1])
    changed[place] ^= 1 << bit
    with pytest.raises(BadLine):
        unpack(bytes(changed))
