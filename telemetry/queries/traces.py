"""One trace: a request and everything that it set off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from telemetry.models import Occurrence, Request
from telemetry.queries import ids, logs, requests, timeline, units
from telemetry.queries.store import rows
from telemetry.queries.timeline import Timeline
from telemetry.queries.units import Unit

# A client may send one traceparent with everything; a page shows this many units of it.
MOST_UNITS = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What an id is: a trace (`value`: its 32 digits) or a transaction (`value`: as stored)."""

    kind: Literal["trace", "transaction"]
    value: str


@dataclass(frozen=True, slots=True)
class Trace:
    """All units of one trace id and their records in order of time.

    `units` is empty while the first one still runs, or when the request died with its process and
    nobody has told yet.
    """

    id: str
    units: Sequence[Unit]
    timeline: Timeline
    more_units: bool = False


def find(text: str) -> Found | None:
    """What `text` is: trace id, traceparent, request id, transaction id; None when unknown."""
    given = text.strip()
    if not given or len(given) > ids.LONGEST:
        return None
    digits = ids.hexadecimal(given)
    if digits is not None:
        found = _find_trace(digits)
        if found:
            return Found("trace", found)
    transaction = rows(Request).filter(transaction_id__in=ids.spellings(given))
    stored = transaction.order_by().values_list("transaction_id", flat=True).first()
    if stored is not None:
        return Found("transaction", stored)
    asked = rows(Request).filter(caller_request_id__in=ids.spellings(given)).order_by("-id")
    unit = asked.values_list("caller_trace_id", "uid").first()
    return None if unit is None else Found("trace", str(unit[0] or unit[1]))


def trace(trace_id: str) -> Trace | None:
    """The trace with this W3C trace id (or our own id of one unit); None when unknown."""
    digits = ids.hexadecimal(trace_id)
    if digits is None:
        return None
    own = units.read(requests.by_uids([digits]), 1)
    called = units.read(rows(Request).filter(caller_trace_id=digits), MOST_UNITS + 1)
    members = sorted({unit.id: unit for unit in (*own, *called)}.values(), key=lambda u: u.id)
    merged = timeline.merge(members[:MOST_UNITS], [] if own else [digits])
    if not members and not merged.entries:
        return None
    return Trace(digits, members[:MOST_UNITS], merged, len(members) > MOST_UNITS)


def _find_trace(digits: str) -> str | None:
    own = requests.by_uids([digits]).order_by()
    unit = own.values_list("caller_trace_id", "uid").first()
    if unit is not None:
        return str(unit[0] or unit[1])
    known = (
        rows(Request).filter(caller_trace_id=digits),
        logs.made_in([digits]),
        rows(Occurrence).filter(uid=digits),
    )
    return digits if any(found.order_by().exists() for found in known) else None
