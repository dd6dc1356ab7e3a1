"""The pictures as files: `overview-20261124T141500Z.png`, a set for each time they were drawn."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from telemetry.conf import settings

# In the order in which they are shown.
KINDS = ("overview", "counters", "gauges", "histograms")
_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(rf"({'|'.join(KINDS)})-([0-9]{{8}}T[0-9]{{6}}Z)\.png")
# Ends with the zone: the checksum that follows it may look like more digits.
_TIME = rb"([0-9T:.-]{19,26}[+-][0-9]{2}:[0-9]{2})"
_DESCRIPTION = re.compile(rb"Description\0" + _TIME + b"/" + _TIME)


@dataclass(frozen=True, slots=True)
class PictureSet:
    """The pictures of one time, by kind; `start` and `end` are the range that they show."""

    stamp: str
    drawn: datetime
    names: dict[str, str]
    start: datetime | None = None
    end: datetime | None = None


def folder() -> Path:
    """Where pictures go unless told otherwise."""
    return Path(settings.DATA_DIR) / "dashboards"


def name_of(kind: str, moment: datetime) -> str:
    """The file name of a picture drawn at a moment."""
    return f"{kind}-{moment.astimezone(UTC).strftime(_STAMP)}.png"


def path_of(name: str) -> Path | None:
    """The file of a picture by its name; None for what is not a picture's name, or not there."""
    if _NAME.fullmatch(name) is None:
        return None
    path = folder() / name
    return path if path.is_file() else None


def sets(limit: int) -> list[PictureSet]:
    """The newest sets, the newest first, without the range that they show."""
    return _sets(folder())[:limit]


def with_range(one: PictureSet) -> PictureSet:
    """The set with the range that its pictures' metadata tell."""
    for name in one.names.values():
        with suppress(OSError, ValueError), (folder() / name).open("rb") as file:
            # PNG text stands before the picture's data.
            found = _DESCRIPTION.search(file.read(4096))
            if found is not None:
                start, end = (datetime.fromisoformat(part.decode()) for part in found.groups())
                return PictureSet(one.stamp, one.drawn, one.names, start, end)
    return one


def trim(where: Path, keep: int | None = None) -> int:
    """Remove the oldest sets beyond `keep` (DASHBOARDS_KEEP), and what a killed drawing left.

    The number of pictures removed.
    """
    most = max(1, int(settings.DASHBOARDS_KEEP)) if keep is None else keep
    old = [name for one in _sets(where)[most:] for name in one.names.values()]
    for name in old:
        (where / name).unlink(missing_ok=True)
    for draft in where.glob(".*.png.*.tmp"):
        with suppress(OSError):
            if draft.stat().st_mtime < datetime.now(UTC).timestamp() - 3600:
                draft.unlink()
    return len(old)


def draft_of(path: Path) -> Path:
    """Where a picture is written before it gets its name, whole."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _sets(where: Path) -> list[PictureSet]:
    found: dict[str, dict[str, str]] = {}
    for name in _names(where):
        match = _NAME.fullmatch(name)
        if match is not None:
            found.setdefault(match[2], {})[match[1]] = name
    ordered = []
    for stamp, names in sorted(found.items(), reverse=True):
        with suppress(ValueError):
            drawn = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
            by_kind = {kind: names[kind] for kind in KINDS if kind in names}
            ordered.append(PictureSet(stamp, drawn, by_kind))
    return ordered


def _names(where: Path) -> list[str]:
    try:
        return [path.name for path in where.iterdir()]
    except OSError:
        return []
