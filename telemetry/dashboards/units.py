"""How values of a metric are written, by the unit that its name ends in."""

from collections.abc import Callable

from telemetry import display

Format = Callable[[float], str]


def of(metric: str) -> Format:
    """Prometheus' rule: the base unit is the last part of the name, before `_total`."""
    stem = metric.removesuffix("_total")
    if stem.endswith("_seconds"):
        return seconds
    if stem.endswith("_bytes"):
        return size
    if stem.endswith("_ratio"):
        return percent
    return number


def seconds(value: float) -> str:
    """12.3 ms."""
    return "0" if value == 0 else display.duration(value * 1_000_000)


def size(value: float) -> str:
    """13.4 MB; fewer than ten bytes, as a rate may be, with their fraction."""
    return display.size(round(value)) if value >= 10 else f"{number(value)} B"


def percent(ratio: float) -> str:
    """0.0123 as 1.23 %."""
    return f"{ratio * 100:.3g} %"


def number(value: float) -> str:
    """1,234; 0.05; 12.3 k from ten thousand on."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):,.3g} {letter}"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1_000 else f"{value:.3g}"


def rate(value: float) -> str:
    """0.5/s."""
    return f"{number(value)}/s"
