"""How long each kind of record is kept, and the time before which it goes."""

import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from telemetry.conf import DEFAULTS, settings
from telemetry.models.base import KEY_BITS
from telemetry.retention import clock

_DAY = 86_400 * 1_000_000
_TIMED = ("telemetry_request", "telemetry_log", "telemetry_occurrence", "telemetry_sample")


@dataclass(frozen=True)
class CutOff:
    """Records of `kind` from before `time` (microseconds since the epoch) are too old."""

    kind: str
    time: int

    @property
    def key(self) -> int:
        """The lowest key of a row that stays."""
        return self.time << KEY_BITS

    @property
    def second(self) -> int:
        """The lowest start of a bucket that stays."""
        return self.time // 1_000_000


def faults(given: Any) -> list[str]:
    """What is wrong with a value of TELEMETRY["RETENTION"], each naming the key."""
    kinds = DEFAULTS["RETENTION"]
    if not isinstance(given, dict):
        return [f'TELEMETRY["RETENTION"] is {given!r}, not a dictionary of days by kind.']
    found = [
        f'TELEMETRY["RETENTION"] has no kind {key!r}. There are: {", ".join(kinds)}.'
        for key in given.keys() - kinds.keys()
    ]
    found += [
        f'TELEMETRY["RETENTION"][{key!r}] is {value!r}, not a number of days above 0.'
        for key, value in given.items()
        if key in kinds and not _is_age(value)
    ]
    return found


def _is_age(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6


def cut_offs(db: sqlite3.Connection, now: int | None = None) -> dict[str, CutOff]:
    """For each kind, what is too old when the wall clock says `now` (microseconds).

    None for a store without records. How far the clock is believed is told in `clock`.
    """
    newest = newest_time(db)
    if newest is None:
        return {}
    clocks = clock.look()
    if now is not None:
        clocks = replace(clocks, wall=now)
    today = clock.believed(clock.load(db), clocks, newest)
    given = settings.RETENTION if isinstance(settings.RETENTION, dict) else {}
    ages = {kind: given.get(kind, days) for kind, days in DEFAULTS["RETENTION"].items()}
    # A site can run although `check` objects: what has no valid age is then kept.
    return {
        kind: CutOff(kind, max(0, today - int(days * _DAY)))
        for kind, days in ages.items()
        if _is_age(days)
    }


def newest_time(db: sqlite3.Connection) -> int | None:
    """The time of the newest row, in microseconds."""
    keys = [db.execute(f"SELECT max(id) FROM {table}").fetchone()[0] for table in _TIMED]  # noqa: S608
    return max((key >> KEY_BITS for key in keys if key is not None), default=None)
