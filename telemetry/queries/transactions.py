"""The dossier of one transaction: every unit of work that carried its id."""

from collections.abc import Sequence
from dataclasses import dataclass

from telemetry.models import Request
from telemetry.queries import ids, timeline, units
from telemetry.queries.store import rows
from telemetry.queries.timeline import Timeline
from telemetry.queries.units import Unit

MOST_UNITS = 100


@dataclass(frozen=True, slots=True)
class Dossier:
    """What telemetry saw of a transaction, in order of time; no units: nothing (yet)."""

    id: str
    units: Sequence[Unit]
    timeline: Timeline
    more_units: bool = False


def dossier(transaction_id: str) -> Dossier:
    """All units that carried `transaction_id` (a UUID with or without dashes) and their records."""
    forms = ids.spellings(transaction_id)
    members = units.read(rows(Request).filter(transaction_id__in=forms), MOST_UNITS + 1)
    shown = members[:MOST_UNITS]
    merged = timeline.merge(shown) if shown else Timeline(())
    stored = shown[0].transaction_id if shown else None
    return Dossier(stored or forms[0], shown, merged, len(members) > MOST_UNITS)
