"""The metrics of the payments API. They are events: telemetry adds them up across processes."""

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
