"""The metrics of the payments API. They are events: telemetry adds them up across processes."""

import re

import telemetry

TRANSACTIONS = telemetry.counter(
    "transactions_total",
    "Orders by type and outcome; one resolved later counts as unknown first.",
    labels=("type", "outcome"),
)
DURATION = telemetry.histogram(
    "transaction_duration_seconds",
    "Time from accepting an order to its answer, the gateway included.",
    labels=("type",),
)
ERRORS = telemetry.counter(
    "transaction_errors_total",
    "Orders that failed or whose outcome is unknown, by error code.",
    labels=("type", "code"),
)
DECLINES = telemetry.counter(
    "transaction_declines_total",
    "Orders that were declined, by the code of whoever said no.",
    labels=("type", "code"),
)


class Codes:
    """Codes as values of a label: a gateway makes them up, so only so many are told apart."""

    OTHER = "other"
    _FORM = re.compile(r"[A-Za-z0-9_.-]{1,40}")

    def __init__(self, most: int = 50) -> None:
        self._most = most
        self._known: set[str] = set()

    def label(self, code: str) -> str:
        """The code, or `other` for one too many, or one that looks like no code."""
        if code in self._known:
            return code
        if len(self._known) >= self._most or not self._FORM.fullmatch(code):
            return self.OTHER
        self._known.add(code)
        return code


decline_codes, error_codes = Codes(), Codes()
