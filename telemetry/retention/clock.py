"""The time that retention goes by: the wall clock, as far as it can be believed.

A clock that was set wrong must not delete anything early, and once it is right again nothing may
have stuck. The store holds an anchor: at which wall time a clock that nobody can set (the time
since the machine was booted) had which value.

- Within one boot, the anchor and the time since it say what time it is. A wall clock that differs
  is believed once it has differed by the same for a day; until then the earlier of the two counts.
- After a boot nobody knows how long the machine was off: at most a day of it is believed at once,
  the rest once it has lasted a day, or is still so at a later look a day on.
- Without an anchor (a new store) the newest record says how far the wall clock is believed: a day.

So a wrong clock deletes at most a day early where the machine was booted with it, else nothing.
Where the system has neither a boot id nor a clock that goes on in sleep, each process counts as a
boot of its own.
"""

import secrets
import sqlite3
import time
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

DAY = 86_400 * 1_000_000
# Slower than this a clock is corrected, not set. Microseconds between two looks.
_DRIFT = 60 * 1_000_000
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMES = ("wall", "steady", "boot", "jump", "jump_wall", "jump_steady")
_PREFIX = "clock:"


@dataclass(frozen=True)
class Now:
    """What the clocks say: wall time and time since `boot`, both in microseconds."""

    wall: int
    steady: int
    boot: int


@dataclass(frozen=True)
class Anchor:
    """`wall` was believed when the steady clock of `boot` was at `steady`.

    `jump` is by how much the wall clock has been off since `jump_steady`, when it was `jump_wall`.
    """

    wall: int
    steady: int
    boot: int
    jump: int = 0
    jump_wall: int = 0
    jump_steady: int = 0


def look() -> Now:
    """The clocks of this machine."""
    return Now(time.time_ns() // 1000, _steady_ns() // 1000, _boot())


def believed(anchor: Anchor | None, now: Now, newest: int | None) -> int:
    """The time to go by; `newest` is that of the newest record."""
    return settled(anchor, now, newest)[1]


def settled(anchor: Anchor | None, now: Now, newest: int | None) -> tuple[Anchor, int]:
    """The anchor from now on, and the time to go by."""
    if anchor is None:
        known = now.wall if newest is None else min(now.wall, newest + DAY)
        return Anchor(known, now.steady, now.boot), known
    is_same = anchor.boot == now.boot and now.steady >= anchor.steady
    if is_same:
        expected = anchor.wall + now.steady - anchor.steady
    else:
        expected = max(anchor.wall, min(now.wall, anchor.wall + DAY))
    jump = now.wall - expected
    if abs(jump) <= _DRIFT or _has_lasted(anchor, now, jump, is_same):
        return Anchor(now.wall, now.steady, now.boot), now.wall
    moved = replace(anchor, wall=expected, steady=now.steady, boot=now.boot)
    if not anchor.jump or (abs(anchor.jump - jump) > _DRIFT and is_same):
        moved = replace(moved, jump=jump, jump_wall=now.wall, jump_steady=now.steady)
    elif not is_same:
        moved = replace(moved, jump=jump, jump_steady=now.steady)
    return moved, min(expected, now.wall)


def _has_lasted(anchor: Anchor, now: Now, jump: int, is_same: bool) -> bool:
    if not anchor.jump:
        return False
    if is_same:
        return abs(anchor.jump - jump) <= _DRIFT and now.steady - anchor.jump_steady >= DAY
    # Looked at rarely, between boots: it has gone on by itself meanwhile.
    return now.wall - anchor.jump_wall >= DAY and anchor.jump > 0


def load(db: sqlite3.Connection) -> Anchor | None:
    """The store's anchor. Raises sqlite3.Error."""
    rows = db.execute("SELECT name, value FROM telemetry_total WHERE name GLOB 'clock:*'")
    found = {name.removeprefix(_PREFIX): int(value) for name, value in rows}
    return Anchor(**{name: found[name] for name in _NAMES}) if set(_NAMES) <= set(found) else None


def save(db: sqlite3.Connection, anchor: Anchor) -> None:
    """Keep the anchor; inside a transaction. Raises sqlite3.Error."""
    db.executemany(
        "INSERT INTO telemetry_total (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [(f"{_PREFIX}{name}", getattr(anchor, name)) for name in _NAMES],
    )


def _steady_ns() -> int:
    # Goes on while the machine sleeps, unlike `monotonic` on Linux.
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)


_process = secrets.randbits(32)


def _boot() -> int:
    try:
        return zlib.crc32(_BOOT_ID.read_bytes())
    except OSError:
        return _process
