r"""One record as one line: `CRC SEQ JSON\n`.

`CRC` is eight hexadecimal digits over everything after it up to the newline; `SEQ` counts the
records of the segment from 0. JSON escapes newlines, so a line feed always ends a record.
"""

from zlib import crc32


class BadLine(ValueError):
    """The bytes are not a whole, unchanged record."""


def pack(seq: int, payload: bytes) -> bytes:
    """The line of one record, newline included."""
    body = b"%d %b" % (seq, payload)
    return b"%08x %b\n" % (crc32(body), body)


def unpack(line: bytes) -> tuple[int, bytes]:
    """(seq, payload) of a line without its newline; raises BadLine."""
    if len(line) < 12 or line[8:9] != b" ":
        raise BadLine("not a record")
    body = line[9:]
    # As text: `int` would take a digit that has changed its case for unchanged.
    if b"%08x" % crc32(body) != line[:8]:
        raise BadLine("checksum differs")
    seq, _, payload = body.partition(b" ")
    return int(seq), payload
