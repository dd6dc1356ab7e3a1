"""Finds canaries in bytes, however a program may have written them.

There are thousands of needles and tens of megabytes: so the bytes are split into words, and each
word's pieces of eight are looked up in an index of the needles.
"""

import base64
import gzip
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from telemetry.selftest.canaries import ACCOUNT, CARD, FULL_WIDTH, Canary

_PNG = b"\x89PNG\r\n\x1a\n"
_GRAM = 8
_WORD = re.compile(rb"[0-9A-Za-z+/_\-]{8,}")
_WIDE_WORD = re.compile(rb"(?:[0-9A-Za-z]\0){8,}")
# Groups of a number with whatever stands between them: signs, their escapes in URLs, JSON, HTML.
_BETWEEN = rb"(?:%[0-9A-Fa-f]{2}|\\{1,4}u[0-9a-fA-F]{4}|&[a-z]{2,6};|[^0-9A-Za-z]){1,8}"
_GROUPED = re.compile(rb"[0-9A-Z]{3,4}(?:" + _BETWEEN + rb"[0-9A-Z]{3,4}){2,}")
_SPLIT_GROUPS = re.compile(_BETWEEN)
_NOT_OF_WORD = re.compile(rb"[^0-9A-Za-z]")
_ESCAPED_WIDE = re.compile(rb"\\{1,8}uff1([0-9])")
_WIDE_DIGITS = [(str(n).translate(FULL_WIDTH).encode(), str(n).encode()) for n in range(10)]


@dataclass(frozen=True, slots=True)
class Finding:
    """A canary that was kept: in which file, at which byte (of its decompressed content)."""

    file: str
    offset: int
    path: str
    kind: str
    notation: str


@dataclass(frozen=True, slots=True)
class Needle:
    """Bytes to look for. `alone`: only as a whole word, as digits are found by chance in others."""

    data: bytes
    notation: str
    canary: Canary
    alone: bool = False

    def is_in(self, word: bytes) -> bool:
        """Whether the word gives it away."""
        if self.alone:
            return self.data in _NOT_OF_WORD.split(word)
        return self.data in word


def needles(canary: Canary) -> Iterator[Needle]:
    """Every way to write the secret, and the parts of it that may not stay."""
    secret = canary.secret.encode()
    yield Needle(secret, "", canary)
    yield Needle(secret.hex().encode(), "hexadecimal", canary)
    for shift in range(3):
        # What stands before decides which bits the first letter holds, what follows the last ones.
        coded = base64.b64encode(b"\0" * shift + secret)[(0, 2, 3)[shift] : -4]
        yield Needle(coded, "base64", canary)
        yield Needle(coded.translate(bytes.maketrans(b"+/", b"-_")), "base64", canary)
    if canary.group == CARD:
        # Never more than the last four, nor what the number can be completed from.
        yield Needle(secret[:-4], "all but the last four", canary, alone=True)
        yield Needle(secret[6:], "all but the first six", canary, alone=True)
        yield Needle(secret[4:-4], "middle digits", canary, alone=True)
    elif canary.group != ACCOUNT and len(secret) >= 20:
        yield Needle(secret[: len(secret) // 2], "first half", canary)
        yield Needle(secret[len(secret) // 2 :], "second half", canary)
    elif canary.group == ACCOUNT:
        yield Needle(secret[:-6], "all but the end", canary)


class Index:
    """The needles of many canaries by their first eight bytes."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._by_gram: dict[bytes, list[Needle]] = defaultdict(list)
        for canary in canaries:
            for needle in needles(canary):
                if len(needle.data) >= _GRAM:
                    self._by_gram[needle.data[:_GRAM]].append(needle)
        self._known: dict[bytes, tuple[Needle, ...]] = {}

    def in_word(self, word: bytes) -> tuple[Needle, ...]:
        """The needles that are in the word; the same words come again and again."""
        found = self._known.get(word)
        if found is None:
            grams = {word[at : at + _GRAM] for at in range(len(word) - _GRAM + 1)}
            hits = grams & self._by_gram.keys()
            found = self._known[word] = tuple(
                needle for gram in hits for needle in self._by_gram[gram] if needle.is_in(word)
            )
        return found


def search(files: Iterable[tuple[str, bytes]], canaries: Iterable[Canary]) -> list[Finding]:
    """Each canary at its first place in each file."""
    index = Index(canaries)
    return [finding for name, data in files for finding in _in_file(name, data, index)]


def _in_file(name: str, data: bytes, index: Index) -> list[Finding]:
    found: dict[tuple[str, str], Finding] = {}
    for how, offset, word in _words(data):
        for needle in index.in_word(word):
            canary = needle.canary
            notation = ", ".join(part for part in (needle.notation, how) if part)
            finding = Finding(name, offset, canary.path, canary.kind, notation)
            found.setdefault((canary.path, canary.kind), finding)
    return list(found.values())


def _words(data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """(how it was written, offset, word) of all there is."""
    yield from _matches(data, _WORD, "", lambda word: word)
    yield from _matches(data, _WIDE_WORD, "UTF-16", lambda word: word.replace(b"\0", b""))
    yield from _matches(data, _GROUPED, "in groups", lambda word: _SPLIT_GROUPS.sub(b"", word))
    if b"\xef\xbc" in data or b"\\uff1" in data:
        plain = _ESCAPED_WIDE.sub(rb"\1", data)
        for wide, digit in _WIDE_DIGITS:
            plain = plain.replace(wide, digit)
        yield from _matches(plain, _WORD, "full width", lambda word: word)


def _matches(
    data: bytes, pattern: re.Pattern[bytes], how: str, plain: Callable[[bytes], bytes]
) -> Iterator[tuple[str, int, bytes]]:
    return ((how, match.start(), plain(match.group())) for match in pattern.finditer(data))


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each file below `folder`, its name and its bytes; what is compressed, unpacked as well."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        yield f"{name} (its name)", name.encode()
        if name.endswith(".gz"):
            data = gzip.decompress(data)
        yield name, data
        if data.startswith(_PNG):
            yield f"{name} (its texts)", b"\n".join(_png_texts(data))


def _png_texts(data: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if kind in (b"tEXt", b"iTXt", b"eXIf"):
            yield content
        elif kind == b"zTXt":
            yield zlib.decompress(content.partition(b"\0")[2][1:])
        at += 12 + size
