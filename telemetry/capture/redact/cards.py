"""Payment card numbers in text: found by issuer, length and check digit; the last four stay."""

import re
from collections.abc import Iterator

from stdnum import luhn

# Between two groups of digits people write up to four of these; `%20` in a URL.
_SEPARATOR = r"(?:[ .\-_+\t]|%20){1,4}"
# What no card is without: 13 digits, with separators between.
maybe = re.compile(r"[0-9][0-9 .\-_%+\t]{12}").search
# Groups of digits with separators.
_RUN = re.compile(rf"(?:(?<=%20)|(?<![0-9%]))[0-9]+(?:{_SEPARATOR}[0-9]+)*")
# A word may touch it (`card4111…`, `…1111USD`); inside a longer identifier it is no card.
_BEFORE = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{0,12}\Z")
_AFTER = re.compile(r"[A-Za-z]{0,12}(?![0-9A-Za-z])")
_REACH = 13
_GROUP = re.compile(r"[0-9]+")
_ESCAPED_DIGIT = re.compile(r"\\{1,4}uff1([0-9])")
_ESCAPED_SPACE = re.compile("%20")
_UUID = re.compile(
    r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z])"
)
_FEWEST, _MOST = 13, 19
# Dates and amounts are written in groups of two; no card is, but for its last group.
_SHORTEST_GROUP = 3
# Prefixes and lengths of ISO/IEC 7812 issuers: Visa, Mastercard, Mir, Amex, Diners, JCB, UnionPay,
# Discover, Maestro, RuPay.
_ISSUED = re.compile(
    r"(?:4(?:[0-9]{12}|[0-9]{15}|[0-9]{17,18})"
    r"|(?:5[1-5]|2(?:20[0-4]|22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]?)[0-9]*"
    r"|3[47][0-9]{13}"
    r"|(?:30[0-59]|3[689])[0-9]{11,16}"
    r"|35[0-9]{14,17}"
    r"|6(?:0|2|4[4-9]|5)[0-9]{13,17}"
    r"|(?:50|5[6-9]|6[37])[0-9]{11,17})\Z"
)
_SIXTEEN = re.compile(r"5[1-5]|2")
# Separators as JSON and URLs spell them: each becomes as many spaces of the URL's as it is long.
_SPELLED = re.compile(
    r"\\{1,4}u(?:00[aA]0|20[01][0-9a-fA-F]|202[fF]|2212|3000)|%[cC]2%[aA]0|%[eE]2%80%[89aA][0-9a-fA-F]"
    r"|%2[dDbB]"
)
# The zeros of the scripts whose digits people type; nine more follow each.
_ZEROS = (
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
    0x1D7F6,
)  # fmt: skip
# Written with other signs that look the same; each is replaced by one, so that places stay.
_LOOKALIKES = str.maketrans(
    {
        **{chr(zero + digit): str(digit) for zero in _ZEROS for digit in range(10)},
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", " "),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-"),
        "\uff0e": ".",
        "\uff3f": "_",
    }
)


def is_spelled(value: str) -> bool:
    """Whether separators may be written as escapes in it."""
    return "%" in value or "\\u" in value


def plain(value: str) -> str:
    """`value`, as long as it was, with digits and separators as ASCII has them."""
    if not value.isascii():
        value = value.translate(_LOOKALIKES)
    if is_spelled(value):
        value = _SPELLED.sub(_spaces, value)
    return value


def _spaces(match: re.Match[str]) -> str:
    escaped, rest = divmod(match.end() - match.start(), 3)
    return "%20" * escaped + " " * rest


def narrow(value: str) -> str:
    """`value` with the full-width digits that JSON has escaped as plain ones."""
    return _ESCAPED_DIGIT.sub(r"\1", value)


def mask(value: str) -> str:
    """`value` with each card number as `[card ****1234]`."""
    seen = plain(value)
    uuids = [match.span() for match in _UUID.finditer(seen)]
    parts: list[str] = []
    at = 0
    for start, end, last in _found(seen, uuids):
        parts += [value[at:start], f"[card ****{last}]"]
        at = end
    return "".join([*parts, value[at:]]) if parts else value


def is_card(digits: str) -> bool:
    """Whether these digits, without separators, are a card number."""
    if _ISSUED.match(digits) is None:
        return False
    if _SIXTEEN.match(digits) and len(digits) != 16:
        return False
    return bool(luhn.is_valid(digits))


def _found(text: str, uuids: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """(start, end, last four digits) of each."""
    for run in _RUN.finditer(text):
        if run.end() - run.start() < _FEWEST:
            continue
        if any(start < run.end() and run.start() < end for start, end in uuids):
            continue
        if not _stands_alone(text, run):
            continue
        yield from _in_run(text, _groups(run))


def _stands_alone(text: str, run: re.Match[str]) -> bool:
    before = _BEFORE.search(text, max(0, run.start() - _REACH), run.start())
    spelled = text.startswith("%20", run.start() - 3) if run.start() > 2 else False
    return (spelled or before is not None) and _AFTER.match(text, run.end()) is not None


def _groups(run: re.Match[str]) -> list[tuple[int, int]]:
    """Where each group of digits begins and ends; `%20` is none."""
    spaced = _ESCAPED_SPACE.sub("   ", run.group())
    return [
        (run.start() + group.start(), run.start() + group.end())
        for group in _GROUP.finditer(spaced)
    ]


def _in_run(text: str, groups: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    first = 0
    while first < len(groups):
        last = None if _is_fraction(text, groups[first][0]) else _longest(text, groups, first)
        if last is None:
            first += 1
            continue
        digits = _digits(text, groups[first : last + 1])
        yield groups[first][0], groups[last][1], digits[-4:]
        first = last + 1


def _is_fraction(text: str, start: int) -> bool:
    return start > 1 and text[start - 1] == "." and text[start - 2].isdigit()


def _longest(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The last group of the longest card that begins with group `first`.

    A card in one group is all of it: what follows is another number, a security code for one.
    """
    found = None
    length = 0
    for last in range(first, len(groups)):
        size = groups[last][1] - groups[last][0]
        length += size
        if length > _MOST:
            break
        if length >= _FEWEST and is_card(_digits(text, groups[first : last + 1])):
            found = last
            if last == first:
                break
        if size < _SHORTEST_GROUP:
            break
    return found


def _digits(text: str, groups: list[tuple[int, int]]) -> str:
    return "".join(text[start:end] for start, end in groups)
