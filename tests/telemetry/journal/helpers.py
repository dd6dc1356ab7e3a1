"""A journal in a folder of the test's own."""

from pathlib import Path
from typing import Any

from telemetry.journal import reader
from telemetry.journal.writer import Journal


def make(folder: Path, **changes: Any) -> Journal:
    """A journal whose segments begin with a record that says `hello`."""
    limits: dict[str, Any] = {
        "segment_bytes": 1 << 20,
        "segment_seconds": 600,
        "max_bytes": 1 << 30,
    }
    return Journal(folder, lambda: b'"hello"', **{**limits, **changes})


def payloads(folder: Path) -> list[bytes]:
    """Every readable record of every segment, the introductions aside."""
    found: list[bytes] = []
    for path in reader.segments(folder):
        position = 0
        while True:
            chunk = reader.read(path, position)
            found += [record.payload for record in chunk.records if record.payload]
            if chunk.position == position:
                break
            position = chunk.position
    return [payload for payload in found if payload != b'"hello"']
