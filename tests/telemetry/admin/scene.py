"""A day in the life of a payments API, as rows: enough for every part of every page to be drawn."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from telemetry.models import Request
from tests.telemetry import factory

TRANSACTION = "0198f0c4-7a11-7000-8000-00000000abcd"
_SQL = (
    'UPDATE "transactions_account" SET "balance_minor" = ("transactions_account"."balance_minor" '
    '- %s) WHERE ("transactions_account"."id" = %s AND "transactions_account"."balance_minor" >= %s'
)


@dataclass(frozen=True)
class Scene:
    """The rows that the pages are opened for."""

    payment: Request
    failed: Request
    error_id: int


def build() -> Scene:
    """Fill the store."""
    now = datetime.now(UTC)
    process = factory.process()
    for minute in range(50):
        at = now - timedelta(minutes=minute, seconds=5)
        for n in range(1 + minute * 7 % 5):
            factory.served("api/transactions/", 0.012 + 0.004 * n, at)
        factory.served("api/accounts/<uuid:pk>/statement/", 0.3, at, 200, "GET")
        if minute % 9 == 0:
            factory.served("api/transactions/", 1.4, at, 500)
    factory.observe(factory.series("http_server_active_requests", "g"), 3, now)
    for n in range(12):
        unit = factory.request(
            now - timedelta(seconds=20 + n), "api/transactions/", user_id=str(n), db_count=8,
            db_time=4_100, log_count=3, outcome="success", process=process,
        )  # fmt: skip
        factory.log(unit, f"payment of {n}.00 EUR accepted")
    return units(now, process)


def units(now: datetime, process: object) -> Scene:
    """A payment that was declined, with a task that it set off, and a request that failed."""
    failed = _failed(now, process)
    return Scene(_payment(now, process), failed, _error(failed))


def _payment(now: datetime, process: object) -> Request:
    unit = factory.request(
        now - timedelta(seconds=9), "api/transactions/", user_id="17", outcome="declined",
        transaction_id=TRANSACTION, process=process, duration=184_000, level=30, log_count=3,
        db_count=2, db_time=3_300, caller_request_id="checkout-2026-11-24-0017",
        attributes={
            "url.query": "", "client.address": "203.0.113.9", "payment.outcome": "declined",
            "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) " * 4,
            "decline.code": "insufficient_funds",
        },
        metrics=[["c", "transactions_total", {"type": "payment", "outcome": "declined"}, 1.0]],
        spans=[[2_000, 900, "default", "SELECT 1"], [160_000, 2_400, "default", _SQL]],
    )  # fmt: skip
    factory.log(unit, "gateway asked", attributes={"gateway": "sandbox", "attempt": 1})
    later = unit.timestamp + timedelta(milliseconds=150)
    factory.log(unit, "gateway declined: insufficient_funds", later, level=30)
    factory.log(unit, "x" * 900, later, level=10)
    task = factory.request(
        unit.timestamp + timedelta(seconds=2), "transactions.tasks.settle", kind=2, method=None,
        path=None, status=None, transaction_id=TRANSACTION, caller_trace_id=unit.uid,
        process=factory.process(role="qcluster", pid=4300),
    )  # fmt: skip
    factory.log(task, "settled nothing: declined")
    return unit


def _failed(now: datetime, process: object) -> Request:
    unit = factory.request(
        now - timedelta(seconds=4), "api/transactions/", "transactions.gateway.GatewayError",
        status=500, level=40, duration=1_402_000, process=process, user_id="3", log_count=1,
    )  # fmt: skip
    factory.log(unit, "Internal Server Error: /api/transactions/", level=40)
    return unit


def _error(unit: Request) -> int:
    occurrence = factory.error(
        unit, "transactions.gateway.GatewayError", "sandbox gateway answered 502", handled=False
    )
    return int(occurrence.error_id)
