r"""One record as one line: `SUM SEQ JSON\n`.

`SEQ` counts the records of the segment from 0; `SUM` is eight hexadecimal digits over the JSON, an
Adler-32 that begins with `SEQ` in place of 1. JSON escapes newlines, so a line feed always ends a
record.

Not a CRC-32: the tables by which it is computed take a quarter of a processor's first cache, out of
which each record would push what the application needs next.
"""

from zlib import adler32, crc32


class BadLine(ValueError):
    """The bytes are not a whole, unchanged record."""


def pack(seq: int, payload: bytes) -> bytes:
    """The line of one record, newline included."""
    return b"%08x %d %b\n" % (adler32(payload, seq), seq, payload)


def unpack(line: bytes) -> tuple[int, bytes]:
    """(seq, payload) of a line without its newline; raises BadLine."""
    if len(line) < 12 or line[8:9] != b" ":
        raise BadLine("not a record")
    number, _, payload = line[9:].partition(b" ")
    # `int` would also take signs, spaces and underscores.
    if not number.isdigit():
        raise BadLine("not a record")
    seq = int(number)
    # As text: `int` would take a digit that has changed its case for unchanged.
    if b"%08x" % adler32(payload, seq) != line[:8] and not _is_of_old(line, seq, payload):
        raise BadLine("checksum differs")
    return seq, payload


def _is_of_old(line: bytes, seq: int, payload: bytes) -> bool:
    """Whether it was written when the sum was a CRC-32: begun with the number, or before that from
    0 and over everything after it."""
    return line[:8] in (b"%08x" % crc32(payload, seq), b"%08x" % crc32(line[9:]))
