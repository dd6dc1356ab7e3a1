"""What an id that somebody pastes may be, and how it may be written."""

import re

_HEX32 = re.compile(r"[0-9a-f]{32}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
LONGEST = 256


def hexadecimal(text: str) -> str | None:
    """32 lower-case digits from a trace id, a UUID or a traceparent header; else None."""
    plain = text.strip().lower()
    parent = _TRACEPARENT.fullmatch(plain)
    if parent:
        return parent[1]
    digits = plain.replace("-", "")
    return digits if _HEX32.fullmatch(digits) else None


def spellings(text: str) -> list[str]:
    """The ways in which a text id may be stored: as given, and a UUID with and without dashes."""
    given = text.strip()[:LONGEST]
    digits = hexadecimal(given)
    if digits is None or len(given) > 36:
        return [given]
    dashed = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return list(dict.fromkeys((dashed, digits, given)))
