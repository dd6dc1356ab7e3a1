"""Bytes → records: where one does not match its checksum, the search for the next that does.

A changed byte may be anywhere: in a payload, in a checksum, in a number, it may be the line feed
between two records or have become one. So adjacent bad lines are one stretch, a record that ends a
bad line is found inside it, and how many records a stretch stands for is the difference of the
numbers on either side of it.
"""

import re

import msgspec

from telemetry.journal import line

# A longer stretch is kept in pieces of this size.
PIECE_BYTES = 1 << 20
_HEAD = re.compile(rb'[0-9a-f]{8} ([0-9]{1,12}) [\["{]')
_SHORTEST = 12


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record, or a stretch of bytes that is none: then `payload` is None, `reason` says why.

    `offset` and `end` are bytes from the segment's start, line feeds included; `seq` is the number
    of the (last) record, `count` how many were written there.
    """

    offset: int
    raw: bytes
    seq: int = -1
    payload: bytes | None = None
    reason: str = ""
    end: int = 0
    count: int = 1


def split(data: bytes, base: int, expected: int, *, final: bool) -> tuple[list[Record], int]:
    """The records of `data`, which lies at `base` and begins with number `expected`.

    Also how many records seem to be in what was left at the end, which needs bytes that come later;
    `final` when none will.
    """
    records: list[Record] = []
    bad, reason = -1, ""
    at = base
    for text in data.split(b"\n")[:-1]:
        raw = text
        end = at + len(raw) + 1
        try:
            seq, payload = line.unpack(raw)
        except ValueError as error:
            if bad < 0:
                bad, reason = at, str(error)
            found = _at_the_end(raw, expected)
            if found is None:
                at = end
                continue
            skipped, seq, payload = found
            at += skipped
            raw = text[skipped:]
        if bad >= 0:
            records += _stretch(data[bad - base : at - base], bad, reason, expected, seq - expected)
            bad = -1
        records.append(Record(at, raw, seq, payload, "", end))
        expected = max(expected, seq + 1)
        at = end
    start = at if bad < 0 else bad
    left = data[start - base :]
    if not left:
        return records, 0
    guess = _guess(left, expected)
    if not final:
        return records, guess
    return records + _stretch(left, start, reason if bad >= 0 else "torn", expected, guess), 0


def _at_the_end(raw: bytes, expected: int) -> tuple[int, int, bytes] | None:
    """(bytes before it, number, payload) of a record that ends a bad line: the line feed before it
    is what has changed."""
    for head in _HEAD.finditer(raw, 1):
        if int(head[1]) < expected:
            continue
        try:
            return (head.start(), *line.unpack(raw[head.start() :]))
        except ValueError:
            continue
    return None


def _stretch(data: bytes, offset: int, reason: str, expected: int, count: int) -> list[Record]:
    """One bad record; what is longer than a piece is followed by pieces that count nothing."""
    count = max(0, count)
    found = []
    for at in range(0, len(data), PIECE_BYTES):
        piece = data[at : at + PIECE_BYTES]
        end = offset + at + len(piece)
        here = 0 if at else count
        found.append(Record(offset + at, piece, expected + count - 1, None, reason, end, here))
    return found


def _guess(data: bytes, expected: int) -> int:
    """How many records bad bytes without a successor are: as many as begin there, and one."""
    most = expected + len(data) // _SHORTEST + 1
    return max(
        1, len({seq for head in _HEAD.finditer(data) if expected <= (seq := int(head[1])) < most})
    )
