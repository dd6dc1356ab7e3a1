"""Observability for Django, kept in SQLite: logs, metrics, SQL, errors and traces of every request.

>>> import telemetry
>>> PAID = telemetry.counter("payments_total", "Payments made.", labels=("currency",))
>>> PAID.inc(currency="EUR")
>>> telemetry.bind(**{"transaction.id": "0198f0c4"})
"""

from telemetry.capture.context import bind, current_trace_id
from telemetry.capture.metrics import Counter, Gauge, Histogram, counter, gauge, histogram
from telemetry.cards import holds_card_number
from telemetry.dossier import DossierSection, register_dossier

__all__ = [
    "Counter",
    "DossierSection",
    "Gauge",
    "Histogram",
    "bind",
    "counter",
    "current_trace_id",
    "gauge",
    "histogram",
    "holds_card_number",
    "register_dossier",
]
