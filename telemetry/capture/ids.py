"""Identifiers: our own begin with the time; a caller's are taken from W3C Trace Context."""

import os
import random
import re

from telemetry.capture import redact

# Of our own, so that an application's `random.seed()` cannot make two processes agree.
_random = random.Random(os.urandom(32))  # noqa: S311 - ids need to differ, not to be secret
_getrandbits = _random.getrandbits
# A number from 0 to 1: to choose a sample by.
chance = _random.random
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}\Z")


def _reseed() -> None:
    _random.seed(os.urandom(32))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reseed)


def new_uid(start: int) -> bytes:
    """A valid W3C trace id: 48 bits of milliseconds, then 80 random ones.

    `start` is microseconds since the epoch.
    """
    # Not by formatting a number of 128 bits: a request runs no other code that does that.
    return (start // 1000).to_bytes(6) + _getrandbits(80).to_bytes(10)


def parse_traceparent(header: str) -> tuple[str, str] | None:
    """(trace id, parent span id) of a W3C `traceparent`, or None when it is not valid."""
    match = _TRACEPARENT.match(header.strip())
    if match is None:
        return None
    version, trace_id, span_id, _, rest = match.groups()
    if version == "ff" or (version == "00" and rest):
        return None
    if trace_id == "0" * 32 or span_id == "0" * 16:
        return None
    return trace_id, span_id


def traceparent(trace_id: str, uid: str) -> str:
    """The `traceparent` of a unit of work: the last half of its uid is its span id."""
    return f"00-{trace_id}-{uid[16:]}-01"


def parse_request_id(header: str) -> str | None:
    """A caller's X-Request-ID when it is short, plain and nothing to be redacted, else None."""
    return header if _REQUEST_ID.match(header) and redact.text(header) == header else None
