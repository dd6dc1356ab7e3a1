"""UUID version 7 (RFC 9562): ids that sort by the time they were made."""

import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MAX_MS = 2**48 - 1

_lock = threading.Lock()
_last_ms = 0
_last_tail = 0


def uuid7() -> UUID:
    """A new id, greater than every id this process made before, whatever the clock does.

    Layout: 48 bits of Unix milliseconds, then 74 bits that are random in a new millisecond and
    a random step above the previous ones within the same (RFC 9562, section 6.2, method 2).
    """
    global _last_ms, _last_tail
    now = time.time_ns() // 1_000_000
    with _lock:
        if now > _last_ms:
            # The top bit stays free, so that steps cannot overflow the 74 bits.
            _last_ms, _last_tail = now, secrets.randbits(73)
        else:
            _last_tail += 1 + secrets.randbits(32)
        return _assemble(_last_ms, _last_tail)


def timestamp(identifier: UUID) -> datetime:
    """The aware UTC time inside a version 7 id, to the millisecond."""
    return _EPOCH + (identifier.int >> 80) * _MILLISECOND


def lower_bound(moment: datetime) -> UUID:
    """The smallest id made at or after an aware `moment`: turns a time range into an id range."""
    milliseconds = -((_EPOCH - moment) // _MILLISECOND)
    return _assemble(min(max(milliseconds, 0), _MAX_MS), 0)


def _assemble(milliseconds: int, tail: int) -> UUID:
    head = (milliseconds << 80) | (0x7 << 76) | ((tail >> 62) << 64)
    return UUID(int=head | (0b10 << 62) | (tail & ((1 << 62) - 1)))
