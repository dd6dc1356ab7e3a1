"""A year of a payments API in the store, by ingest's own writer, as retention would have left it.

More by day than by night, less at weekends, some growth; routes by Zipf's law, each with its own
log-normal durations; 1 % failures, and now and then an hour with 20 %. What retention would have
deleted is not written: rows older than 14 days, buckets of 10 s older than 2 days and of 1 min
older than 30.
"""

import math
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from telemetry.ingest.builtin import ACTIVE
from telemetry.ingest.connection import Store
from telemetry.ingest.names import Names
from telemetry.ingest.resolutions import RESOLUTIONS
from telemetry.ingest.rollup import Rollup
from telemetry.ingest.rows import INSERTS, Keys, Rows
from telemetry.journal import events
from telemetry.queries.levels import kept_days

DAYS = 365
ROWS_DAYS, ERRORS_DAYS = 14, 90
_HOUR, _DAY = 3_600, 86_400
_BATCH = 10_000
_NOUNS = (
    *("accounts", "transactions", "refunds", "payouts", "customers", "cards", "webhooks"),
    *("reports", "disputes", "balances"),
)
_ROUTES = [f"api/v1/{noun}/{tail}" for noun in _NOUNS
           for tail in ("", "<uuid:pk>/", "<uuid:pk>/events/", "search/")]  # fmt: skip
_METHODS = ("GET", "POST", "GET", "PATCH")
_SHARES = list(accumulate(1 / rank for rank in range(1, len(_ROUTES) + 1)))
_OUTCOMES = ("success", "success", "success", "success", "declined", "rejected")
_TYPES = ("payment", "refund", "payout")
_STACK = "".join(f'  File "payments/step{n}.py", line {n}, in step{n}\n' for n in range(9))


@dataclass(frozen=True)
class Known:
    """What reads are asked for: one request of the newest, and a transaction."""

    uid: str
    transaction: str
    route: str = _ROUTES[0]


class Year:
    """Requests in order of time, ending now."""

    def __init__(self, requests: int, seed: int = 1) -> None:
        self.end = int(time.time()) // _HOUR * _HOUR
        self.start = self.end - DAYS * _DAY
        self._requests = requests
        self._chance = random.Random(seed)
        self._uid = self._transaction = ""

    def fill(self) -> Known:
        """Write all of it; prints how far it is."""
        store, names, keys = Store(), Names(), Keys()
        began, done, batch = time.perf_counter(), 0, list[events.UnitDone]()
        process = self._begin(store, names)
        for unit in self._units():
            batch.append(unit)
            if len(batch) == _BATCH:
                self._write(store, names, keys, batch, process)
                done += len(batch)
                batch.clear()
                if done % 500_000 == 0:
                    took = time.perf_counter() - began
                    print(f"{done:,} requests, {took:.0f} s", file=sys.stderr, flush=True)
        self._write(store, names, keys, batch, process)
        self._gauge(store, names)
        store.reading().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
        return Known(self._uid, self._transaction)

    def _begin(self, store: Store, names: Names) -> int:
        with store.transaction() as db:
            for kind, name, unit in (
                ("c", "http_server_requests_total", ""),
                ("h", "http_server_request_duration_seconds", "seconds"),
                ("c", "transactions_total", ""),
                ("h", "transaction_duration_seconds", "seconds"),
            ):
                names.declare(db, name, kind, unit, name.replace("_", " "))
            return int(
                db.execute(
                    "INSERT INTO telemetry_process (writer, pid, host, role, app_version, emitted,"
                    " dropped) VALUES (x'00', 1, 'web-1', 'web', '1.0', 0, '{}')"
                ).lastrowid
                or 0
            )

    def _units(self) -> Iterator[events.UnitDone]:
        weights = [_busy(hour, DAYS * 24) for hour in range(DAYS * 24)]
        whole, due, made = sum(weights), 0.0, 0
        for hour, weight in enumerate(weights):
            due += weight / whole * self._requests
            count, made = round(due) - made, round(due)
            begin = (self.start + hour * _HOUR) * 1_000_000
            failures = 0.2 if self._chance.random() < 0.002 else 0.01
            width = _HOUR * 1_000_000 - 10_000_000
            for at in sorted(self._chance.randrange(width) for _ in range(count)):
                yield self._unit(begin + at, failures)

    def _unit(self, start: int, failures: float) -> events.UnitDone:
        chance = self._chance
        number = chance.choices(range(len(_ROUTES)), cum_weights=_SHARES)[0]
        route, method = _ROUTES[number], _METHODS[number % 4]
        luck = chance.random()
        ok = 201 if method == "POST" else 200
        status = 500 if luck < failures else 404 if luck < 0.03 else 422 if luck < 0.04 else ok
        duration = int(chance.lognormvariate(math.log(4_000 + 900 * (number * 7 % 40)), 0.7))
        uid = f"{start // 1000:012x}{chance.getrandbits(80):020x}"
        metrics: list[events.Sample] = []
        attributes = {}
        if method == "POST":
            type_, outcome = _TYPES[number % 3], chance.choice(_OUTCOMES)
            metrics = [
                ("c", "transactions_total", {"type": type_, "outcome": outcome}, 1.0),
                ("h", "transaction_duration_seconds", {"type": type_}, duration / 1e6),
            ]
            attributes = {"transaction.id": f"tx-{uid}", "payment.outcome": outcome}
            self._transaction = f"tx-{uid}"
        self._uid = uid
        return events.UnitDone(
            uid, start, duration, 1, False, method, route, f"/{route}", status,
            40 if status == 500 else 20, str(chance.randrange(5_000)),
            "payments.GatewayError" if status == 500 else None, 3, duration // 5, 2, None, None,
            None, attributes, metrics, None, "203.0.113.0", "okhttp/4.12.0", None, 812,
        )  # fmt: skip

    def _write(
        self, store: Store, names: Names, keys: Keys, units: list[events.UnitDone], process: int
    ) -> None:
        """One batch; what lies in several ages goes in parts."""
        for days, part in _by_age(units, self.end):
            resolutions = [size for size in RESOLUTIONS if days <= kept_days(size)]
            with store.transaction() as db:
                rows = Rows(db, names, keys, Rollup(resolutions))
                for unit in part:
                    rows.add(unit, process)
                    if unit.error_type and days <= ERRORS_DAYS:
                        rows.add(_error(unit), process)
                    if days <= ROWS_DAYS:
                        for log in _logs(unit):
                            rows.add(log, process)
                if days > ROWS_DAYS:
                    for table in INSERTS.keys() - {"occurrences"}:
                        rows.tables[table].clear()
                rows.write()

    def _gauge(self, store: Store, names: Names) -> None:
        """The running requests, as often as their buckets are still told apart."""
        for size in RESOLUTIONS:
            since = max(self.start, self.end - int(kept_days(size)) * _DAY)
            with store.transaction() as db:
                rollup = Rollup([size])
                series = names.series(db, "g", ACTIVE, {})
                for at in range(since // size * size, self.end, size):
                    rollup.add("g", series, at * 1_000_000, self._chance.randrange(12))
                rollup.write(db)


def _busy(hour: int, hours: int) -> float:
    """How much is done in an hour of the year."""
    of_day = 1 + 0.8 * math.sin((hour % 24 - 8) / 24 * 2 * math.pi)
    at_weekend = 0.4 if hour // 24 % 7 >= 5 else 1.0
    return of_day * at_weekend * (1 + hour / hours)


def _by_age(
    units: list[events.UnitDone], end: int
) -> Iterator[tuple[float, list[events.UnitDone]]]:
    """The units of each age, days, by which something of them would have gone."""
    bounds = sorted({ROWS_DAYS, ERRORS_DAYS, *(kept_days(size) for size in RESOLUTIONS)})
    parts: dict[float, list[events.UnitDone]] = {}
    for unit in units:
        age = (end - unit.start / 1e6) / _DAY
        parts.setdefault(next(bound for bound in bounds if age <= bound), []).append(unit)
    yield from parts.items()


def _logs(unit: events.UnitDone) -> Iterator[events.LogMade]:
    for number in (1, 2):
        values: tuple[Any, ...] = (unit.start % 9_973, unit.status)
        template = "Order of %s accepted with %s"
        yield events.LogMade(
            unit.uid, unit.start + 900 * number, unit.level, "payments.orders", unit.route,
            template % values, template, "payments/orders.py:118 place", {"amount": values[0]},
        )  # fmt: skip


def _error(unit: events.UnitDone) -> events.ErrorRaised:
    place = f"payments/step{unit.start % 9}.py:7 run"
    return events.ErrorRaised(
        unit.uid, unit.start + 500, False, "payments.GatewayError", "gateway answered 502", place,
        unit.route, _STACK,
    )  # fmt: skip
