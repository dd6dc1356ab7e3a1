"""The archive's format: gzip members, one a segment, which `zcat` reads and no index lies beside.

Each member's header has an extra field (as BGZF has) with the member's own length and what is in
it. So the list of what is kept is read by going from header to header, without decompressing.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# ID1 ID2 CM FLG(FEXTRA) MTIME XFL OS XLEN
_HEAD = struct.Struct("<4sIBBH")
_MAGIC = b"\x1f\x8b\x08\x04"
# SI1 SI2 LEN, then: member's length, size of the content, records in it
_FIELD = struct.Struct("<2sHQQQ")
_ID = b"TL"
_TRAILER = struct.Struct("<II")
_MOST_NAME = 200


class BadMember(ValueError):
    """The bytes are not what was archived."""


@dataclass(frozen=True, slots=True)
class Member:
    """Where a file's content lies; `size` is that of the content, in bytes, `records` its lines."""

    file: Path
    offset: int
    length: int
    name: str
    size: int
    records: int


def pack(name: str, content: bytes, seconds: int) -> bytes:
    """A member with `content` under a line that names it."""
    text = _title(name) + content
    engine = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = engine.compress(text) + engine.flush()
    trailer = _TRAILER.pack(zlib.crc32(text), len(text) & 0xFFFFFFFF)
    key = name.encode()
    extra = _FIELD.size + len(key)
    length = _HEAD.size + extra + len(body) + len(trailer)
    field = _FIELD.pack(_ID, extra - 4, length, len(content), content.count(b"\n"))
    head = _HEAD.pack(_MAGIC, max(0, seconds) & 0xFFFFFFFF, 4, 255, extra)
    return head + field + key + body + trailer


def read(member: Member) -> bytes:
    """The content. Raises OSError or BadMember."""
    with member.file.open("rb") as file:
        file.seek(member.offset)
        data = file.read(member.length)
    try:
        text = zlib.decompress(data, 16 + zlib.MAX_WBITS)
    except zlib.error as error:
        raise BadMember(str(error)) from error
    title = _title(member.name)
    if not text.startswith(title) or len(text) - len(title) != member.size:
        raise BadMember("another content than its header says")
    return text[len(title) :]


def listed(file: Path) -> Iterator[Member]:
    """The members of an archive file; what is damaged is passed over. Raises OSError."""
    size = file.stat().st_size
    with file.open("rb") as source:
        offset = 0
        while offset < size:
            source.seek(offset)
            found = _parse(file, offset, source.read(_HEAD.size + _FIELD.size + _MOST_NAME))
            if found is not None and offset + found.length <= size:
                yield found
                offset += found.length
                continue
            source.seek(offset + 1)
            after = source.read().find(_MAGIC)
            if after < 0:
                return
            offset += 1 + after


def _parse(file: Path, offset: int, data: bytes) -> Member | None:
    start = _HEAD.size + _FIELD.size
    if len(data) < start:
        return None
    magic, _, _, _, extra = _HEAD.unpack_from(data)
    key, rest, length, size, records = _FIELD.unpack_from(data, _HEAD.size)
    if magic != _MAGIC or key != _ID or rest != extra - 4 or extra < _FIELD.size:
        return None
    name = data[start : _HEAD.size + extra]
    if len(name) != extra - _FIELD.size or length < start:
        return None
    return Member(file, offset, length, name.decode("ascii", "replace"), size, records)


def _title(name: str) -> bytes:
    return f"# {name}\n".encode()
