"""Journal segments as a payments API under steady traffic would leave them, in order of time.

A request is three records: its own, with three statements and two metric samples, and two log
records made from templates. 1 % fail, 6 % keep their SQL statements, a third carry a transaction.
"""

import random
import secrets
from collections.abc import Iterator
from pathlib import Path

from telemetry.journal import events, line
from telemetry.journal.segment import path_of

RECORDS_PER_REQUEST = 3
# Between two requests' starts: 500 a second.
GAP = 2_000
_SEGMENT_BYTES = 8 * 1024 * 1024
_NOUNS = (
    *("accounts", "transactions", "refunds", "payouts", "customers", "cards", "webhooks"),
    *("reports", "disputes", "balances"),
)
_TAILS = ("", "<uuid:pk>/", "<uuid:pk>/events/", "search/")
_ROUTES = [f"api/v1/{noun}/{tail}" for noun in _NOUNS for tail in _TAILS]
_METHODS = ("GET", "GET", "GET", "POST", "POST", "PATCH")
_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_AGENTS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/141.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/18.6 Safari/605.1.15",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_WEBKIT} Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    *(f"payments-sdk-python/{n // 9}.{n % 9} httpx/0.28" for n in range(18, 36)),
    *(f"okhttp/4.{minor}.0" for minor in range(9, 13)),
    "curl/8.15.0",
    "PostmanRuntime/7.46.0",
)
_TEMPLATES = (
    ("payments.orders", "Order of %s %s accepted for account %s", "orders.py:118 place"),
    ("payments.gateway", "Gateway %s answered in %s ms", "gateway_call.py:52 ask"),
    ("payments.ledger", "Posted %s entries, balance %s %s", "ledger.py:77 post"),
    ("accounts.access", "Statement of %s read by user %s", "views.py:41 statement"),
)
_TABLES = ("account", "transaction", "ledgerentry", "idempotencykey", "customer", "refund")
_STATEMENTS = [
    f'{verb} "payments_{table}"."id", "payments_{table}"."balance_minor" FROM "payments_{table}" '
    f'WHERE "payments_{table}"."id" = %s LIMIT {limit}'
    for table in _TABLES for verb in ("SELECT", "SELECT DISTINCT") for limit in (1, 21, 100)
]  # fmt: skip
_OUTCOMES = ("success", "success", "success", "success", "declined", "rejected")
_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY")
_STACK = "".join(
    f'  File "payments/services/step{n}.py", line {n}, in step{n}\n    return run(order)\n'
    for n in range(9)
)


class Traffic:
    """Endless requests; the same seed gives the same ones, but for their start."""

    def __init__(self, start: int, seed: int = 1) -> None:
        self.now = start
        self._chance = random.Random(seed)

    def requests(self, count: int) -> Iterator[list[events.Event]]:
        """The records of each of `count` requests, in the order of writing."""
        for _ in range(count):
            self.now += GAP
            yield self._request(self.now + self._chance.randrange(GAP // 2))

    def _request(self, start: int) -> list[events.Event]:
        chance = self._chance
        random_bits = chance.getrandbits(80)
        uid = f"{(start // 1000 << 80) | random_bits:032x}"
        route = _ROUTES[random_bits % len(_ROUTES)]
        failed = chance.random() < 0.01
        bound = {} if random_bits % 3 else self._bound(uid)
        made: list[events.Event] = [
            self._log(
                uid, start + 1_000 + 2_000 * n + chance.randrange(900), route, bound if n else {}, n
            )
            for n in range(RECORDS_PER_REQUEST - 1)
        ]
        if failed:
            made.append(self._error(uid, start + 6_000, route))
        made.append(self._unit(uid, start, route, bound, failed))
        return made

    def _bound(self, uid: str) -> dict[str, str]:
        text = f"{uid[:8]}-{uid[8:12]}-7{uid[13:16]}-8{uid[17:20]}-{uid[20:]}"
        return {"transaction.id": text, "payment.outcome": self._chance.choice(_OUTCOMES)}

    def _log(
        self, uid: str, time: int, route: str, bound: dict[str, str], number: int
    ) -> events.LogMade:
        chance = self._chance
        logger, template, code = _TEMPLATES[chance.randrange(4)]
        values = [chance.randrange(100_000) for _ in range(template.count("%s"))]
        own: dict[str, object] = {"amount": f"{values[0] / 100:.2f}"}
        if number:
            own["attempt"] = 1
        return events.LogMade(
            uid=uid, time=time, level=30 if chance.random() < 0.05 else 20, logger=logger,
            route=route, message=template % tuple(values), template=template,
            code=f"payments/services/{code}", attributes=own, bound=bound,
        )  # fmt: skip

    def _error(self, uid: str, time: int, route: str) -> events.ErrorRaised:
        place = f"payments/services/step{self._chance.randrange(9)}.py:7 run"
        return events.ErrorRaised(
            uid=uid, time=time, handled=False, type="payments.GatewayError",
            message="gateway answered 502", culprit=place, route=route, stack=_STACK,
        )  # fmt: skip

    def _unit(
        self, uid: str, start: int, route: str, bound: dict[str, str], failed: bool
    ) -> events.UnitDone:
        chance = self._chance
        duration = int(2_000 + chance.expovariate(1 / 9_000))
        detailed = failed or chance.random() < 0.05
        method = _METHODS[chance.randrange(6)]
        outcome = bound.get("payment.outcome", "none")
        currency = _CURRENCIES[chance.randrange(5)]
        return events.UnitDone(
            uid=uid, start=start, duration=duration, kind=1, is_self=False, method=method,
            route=route, path="/" + route.replace("<uuid:pk>", f"{uid[:8]}-{uid[8:12]}-{uid[20:]}"),
            status=500 if failed else (201 if method == "POST" else 200),
            level=40 if failed else 20, user_id=str(chance.randrange(5_000)),
            error_type="payments.GatewayError" if failed else None,
            db_count=3, db_time=duration // 5, log_count=2,
            caller_trace_id=None, caller_span_id=None, caller_request_id=None,
            attributes=dict(bound),
            metrics=[
                ("c", "transactions_total", {"currency": currency, "outcome": outcome}, 1.0),
                ("h", "gateway_duration_seconds", {"outcome": outcome}, duration / 3e6),
            ],
            spans=self._spans(duration) if detailed else None,
            client_address=f"203.0.{chance.randrange(256)}.0",
            user_agent=_AGENTS[chance.randrange(len(_AGENTS))],
            request_size=chance.randrange(900) if method != "GET" else None,
            response_size=chance.randrange(40, 4_000),
            weight=20.0 if detailed else None,
        )  # fmt: skip

    def _spans(self, duration: int) -> list[events.Span]:
        chance = self._chance
        return [
            (duration * n // 4, duration // 15, "default", chance.choice(_STATEMENTS))
            for n in range(1, 4)
        ]


def write(folder: Path, traffic: Traffic, requests: int) -> int:
    """Segments of a process that has ended, with so many requests: the number of records."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = secrets.token_hex(16)
    total = index = 0
    lines: list[bytes] = []
    size = _SEGMENT_BYTES
    for records in traffic.requests(requests):
        if size >= _SEGMENT_BYTES:
            _flush(folder, writer, index, lines)
            index, total = index + 1, total + 1
            lines = [line.pack(0, events.encode(introduction(traffic.now)))]
            size = 0
        for event in records:
            lines.append(line.pack(len(lines), events.encode(event)))
            size += len(lines[-1])
        total += len(records)
    _flush(folder, writer, index, lines)
    return total


def introduction(now: int) -> events.ProcessStarted:
    """What every segment begins with."""
    return events.ProcessStarted(now, 4_242, "web-1", "web", "1.0")


def _flush(folder: Path, writer: str, index: int, lines: list[bytes]) -> None:
    if lines:
        path_of(folder, writer, index).write_bytes(b"".join(lines))
