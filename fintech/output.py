"""Lines of several processes on one terminal, each under the name of the process that wrote it."""

import os
import sys
from collections.abc import Iterable
from threading import Lock
from typing import TextIO

_COLOURS = ("36", "35", "33", "32", "34")


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour: NO_COLOR forbids it, FORCE_COLOR asks for it, else a terminal decides."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


class Output:
    """Writes `name | line`; safe from several threads, and silent once the reader has gone."""

    def __init__(self, names: Iterable[str], stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        names = list(names)
        self._width = max(map(len, names))
        self._colours: dict[str, str] = {}
        if wants_colour(self._stream):
            self._colours = {
                name: _COLOURS[index % len(_COLOURS)] for index, name in enumerate(names)
            }
        self._lock = Lock()

    def line(self, name: str, text: str) -> None:
        """One line of a process."""
        prefix = f"{name:<{self._width}} |"
        if colour := self._colours.get(name):
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        self.plain(f"{prefix} {text}")

    def plain(self, text: str) -> None:
        """Text of the supervisor itself, which may have several lines."""
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                # `make run | head` must not stop the site, nor fill a child's pipe.
                pass
