"""Files that a crash left half made."""

import time
from pathlib import Path

from telemetry.journal import locks, reader

_SECONDS = 60.0
_DAY = 86_400.0


class Drafts:
    """Deletes drafts that stay: those that this process has seen for a minute, or that are old."""

    def __init__(self) -> None:
        # By a clock that nobody can set.
        self._first: dict[Path, float] = {}

    def clear(self, folder: Path) -> None:
        """Delete what is due, one that is locked never."""
        now = time.monotonic()
        self._first = {path: self._first.get(path, now) for path in reader.drafts(folder)}
        for path, first in self._first.items():
            try:
                is_old = time.time() - path.stat().st_mtime > _DAY
                if (is_old or now - first > _SECONDS) and not locks.is_locked(path):
                    path.unlink(missing_ok=True)
            except OSError:
                continue
