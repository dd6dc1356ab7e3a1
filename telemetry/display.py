"""How values are written for people, on pages and in terminals alike."""

from datetime import UTC, datetime

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
    """1,234,567; 12.5 for what is no whole number."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"


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
    r"""`text` with control characters written out (\x1b), so that no terminal acts on them."""
    return "".join(
        char if char.isprintable() or (keep_lines and char == "\n") else _written(char)
        for char in text
    )


def _written(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
