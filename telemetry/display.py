"""How values are written for people, on pages and in terminals alike."""

import json
import math
import re
from datetime import UTC, datetime

# Controls, marks of direction, separators of lines, zero width and tag characters, surrogates.
_REST = (
    r"\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSAFE = re.compile(rf"[\x00-\x0d{_REST}]")
_UNSAFE_BUT_LINES = re.compile(rf"[\x00-\x09\x0d{_REST}]")
_UNSAFE_BUT_SPACE = re.compile(rf"[\x00-\x08{_REST}]")
_STEP_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_LEVELS = ((50, "CRITICAL"), (40, "ERROR"), (30, "WARNING"), (20, "INFO"), (10, "DEBUG"))


def duration(microseconds: int | float | None) -> str:
    """12.3 ms, 480 µs, 2.41 s, 3 min 20 s; a dash for None."""
    if microseconds is None:
        return "-"
    if microseconds < 1_000:
        return f"{microseconds:.0f} µs"
    if microseconds < 999_950:
        return (
            f"{microseconds / 1_000:.3g} ms"
            if microseconds < 99_950
            else (f"{microseconds / 1_000:.0f} ms")
        )
    seconds = microseconds / 1_000_000
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def step(seconds: int) -> str:
    """6 h, 5 min, 30 d: whole ones of the largest unit that has them."""
    size, unit = next((size, unit) for size, unit in _STEP_UNITS if seconds % size == 0)
    return f"{seconds // size} {unit}"


def offset(microseconds: int) -> str:
    """+12.345 ms; always milliseconds, so that a column of them can be compared by eye."""
    return f"+{microseconds / 1_000:,.3f} ms"


def sampled(weight: float | None) -> str:
    """What a sampled record says of itself: “stands for 20”; nothing for one that is all."""
    return "" if weight is None or weight <= 1 else f"stands for {count(weight)}"


def level_name(level: int | None) -> str:
    """WARNING for 30; a level between two is told by the lower one and the difference."""
    for number, name in _LEVELS:
        if level and level >= number:
            return name if level == number else f"{name}+{level - number}"
    return f"level {level}" if level else ""


def level_class(level: int | None) -> str:
    """The lower-case name of the standard level that `level` reaches, for style sheets."""
    return next((name.lower() for number, name in _LEVELS if level and level >= number), "none")


def clock(when: datetime) -> str:
    """13:05:00.123 in UTC."""
    return when.astimezone(UTC).strftime("%H:%M:%S.") + f"{when.microsecond // 1000:03d}"


def exact(when: datetime) -> str:
    """2026-01-31T13:05:00.123456Z."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def count(value: float) -> str:
    """1,234,567; 12.5 for what is no whole number; 0.00000116 for a request in ten days."""
    magnitude = abs(value)
    if value == int(value) or 1_000 <= magnitude < 1e15:
        return f"{value:,.0f}"
    if 1e-9 < magnitude < 1e-4:
        # Three digits, as below, and not as 1.16e-06.
        return f"{value:.{2 - math.floor(math.log10(magnitude))}f}"
    return f"{value:,.3g}"


def size(number: int) -> str:
    """13.4 MB, decimal units."""
    if number < 1_000:
        return f"{number} B"
    units = ("kB", "MB", "GB", "TB")
    power = 1
    while number / 1_000**power >= 999.5 and power < len(units):
        power += 1
    return f"{number / 1_000**power:.3g} {units[power - 1]}"


def escaped(text: str, keep_lines: bool = False) -> str:
    r"""`text` with what no reader should be led by written out (\x1b, \u202e).

    Control characters, marks that turn the direction of writing, separators of lines, and what is
    not to be seen at all.
    """
    if text.isascii() and text.isprintable():
        return text
    return (_UNSAFE_BUT_LINES if keep_lines else _UNSAFE).sub(_written, text)


def visible(markup: str) -> str:
    """A page with such characters written out; line breaks and tabs are its own."""
    return _UNSAFE_BUT_SPACE.sub(_written, markup)


def json_escaped(document: bytes) -> bytes:
    """A JSON document, UTF-8, with such characters as JSON's escapes: the same values, one line."""
    if document.isascii() and b"\x7f" not in document:
        return document
    return _UNSAFE.sub(_json_written, document.decode()).encode()


def cell(text: str) -> str:
    """`text` for a table that a spreadsheet may open: never a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def _written(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")


def _json_written(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1] if match.group() != "\x7f" else "\\u007f"
