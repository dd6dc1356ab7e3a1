"""Where each entry of a timeline lies on the page, in hundredths of the whole."""

from dataclasses import dataclass

from telemetry.queries.timeline import Entry, Timeline

# A bar narrower than this could not be seen. Percent.
_NARROWEST = 0.4


@dataclass(frozen=True, slots=True)
class Row:
    """An entry and its bar: `left` and `width` in percent of the timeline, as SVG takes them."""

    entry: Entry
    left: str
    width: str


def draw(timeline: Timeline) -> list[Row]:
    """A row for each entry; a moment without length gets the narrowest bar."""
    whole = max(timeline.length, 1)
    return [_row(entry, whole) for entry in timeline.entries]


def _row(entry: Entry, whole: int) -> Row:
    width = max(100 * (entry.duration or 0) / whole, _NARROWEST)
    left = min(100 * entry.offset / whole, 100 - width)
    return Row(entry, f"{max(left, 0):.2f}", f"{width:.2f}")
