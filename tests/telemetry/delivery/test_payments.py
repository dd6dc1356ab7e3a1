"""Every answered payment has one request row and its log records, whatever is killed meanwhile."""

import itertools
import json
import os
import random
import signal
import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPException
from typing import Any

import pytest

from tests.site import Site, wait_for

pytestmark = pytest.mark.xdist_group("delivery")
CLIENTS = 4
PAYMENTS = 1_000


class Clients:
    """Four clients that pay at once, each answer noted; no answer is noted as such."""

    def __init__(self, site: Site, payments: int) -> None:
        self.site = site
        self.answered: list[str] = []
        self.outcomes: Counter[str] = Counter()
        self._left = itertools.repeat(None, payments)
        self._lock = threading.Lock()
        accounts = [
            (user["token"], account)
            for user in site.demo_users()
            for account in user["accounts"]
            if account["currency"] == "EUR"
        ]
        self._threads = [
            threading.Thread(target=self._pay, args=(random.Random(seed), accounts))
            for seed in range(CLIENTS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _pay(self, chance: random.Random, accounts: list[tuple[str, dict[str, Any]]]) -> None:
        while True:
            with self._lock:
                if next(self._left, self) is self:
                    return
            token, account = chance.choice(accounts)
            order = {
                "account": account["id"],
                "type": chance.choice(["payment", "deposit", "withdrawal"]),
                "amount": f"{chance.randint(1, 900) / 100:.2f}",
                "currency": "EUR",
                "description": "coffee",
            }
            try:
                reply = self.site.post(
                    "/api/transactions/",
                    order,
                    **{"Authorization": f"Token {token}", "Idempotency-Key": str(uuid.uuid4())},
                )
            except (OSError, HTTPException):
                # Also where the worker died between the head of its answer and the body.
                self.outcomes["no answer"] += 1
                continue
            assert reply.status == 201, reply.body
            body = reply.json()
            with self._lock:
                self.outcomes[body["status"]] += 1
                self.answered.append(body["id"])


def settled(site: Site) -> dict[str, Any]:
    """The status once nothing waits."""

    def quiet() -> Any:
        done = site.manage("telemetry_status", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads(done.stdout)
        return found["pending"] == 0 and found

    found: dict[str, Any] = wait_for(quiet, 20, "everything is ingested")
    return found


def assert_each_once(site: Site, answered: list[str]) -> None:
    """One request row a transaction, with as many log records as it counted, two at least."""
    with closing(sqlite3.connect(site.data_dir / "telemetry.sqlite3")) as store:
        rows: dict[str, list[tuple[bytes, int]]] = {}
        found = store.execute(
            "SELECT transaction_id, uid, log_count FROM telemetry_request WHERE method = 'POST'"
        )
        for transaction, uid, count in found:
            rows.setdefault(transaction, []).append((uid, count))
        logs = Counter(uid for (uid,) in store.execute("SELECT uid FROM telemetry_log"))
        uids = store.execute("SELECT count(*), count(DISTINCT uid) FROM telemetry_request")
        total, different = uids.fetchone()
    assert total == different
    wrong = [
        (transaction, rows.get(transaction))
        for transaction in answered
        if len(rows.get(transaction, [])) != 1
        or not 2 <= rows[transaction][0][1] == logs[rows[transaction][0][0]]
    ]
    assert wrong == []


def disturb(site: Site, clients: Clients) -> int:
    """Kill -9 a web worker and ingest in turn, for as long as the clients run; how often."""
    kills = 0
    chance = random.Random(7)
    targets: list[Callable[[], Any]] = [
        lambda: next(iter(site.child("web").children()), None),  # type: ignore[union-attr]
        lambda: site.child("ingest"),
    ]
    for target in itertools.cycle(targets):
        time.sleep(chance.uniform(0.3, 0.8))
        if not clients.running():
            return kills
        victim = target()
        if victim is not None:
            os.kill(victim.pid, signal.SIGKILL)
            kills += 1
    return kills


@pytest.mark.parametrize("disturbed", [False, True], ids=["undisturbed", "killed"])
def test_a_thousand_payments_by_four_clients_are_each_stored_once(
    disturbed: bool, make_site: Callable[..., Site]
) -> None:
    profile = "realistic" if disturbed else "instant"
    payments = PAYMENTS // 4 if disturbed else PAYMENTS
    site = make_site(GATEWAY_PROFILE=profile, WEB_WORKERS="2", LOG_LEVELS="transactions=INFO")
    site.start("--no-cluster")
    site.wait_ready()
    clients = Clients(site, payments)
    clients.start()
    kills = disturb(site, clients) if disturbed else 0
    clients.join()
    site.wait_ready()
    assert len(clients.answered) + clients.outcomes["no answer"] == payments
    if disturbed:
        assert kills >= 4
        assert site.manage("reconcile_pending", "--older-than", "0s").returncode == 0
    else:
        assert len(clients.answered) == payments
    found = settled(site)
    assert found["quarantined"] == 0
    assert found["dropped"] == {}
    assert_each_once(site, clients.answered)
    ledger = site.manage("check_ledger")
    assert ledger.returncode == 0, ledger.stdout + ledger.stderr


def test_a_request_that_was_running_when_its_process_died_has_a_row_that_says_so(
    make_site: Callable[..., Site],
) -> None:
    site = make_site(GATEWAY_PROFILE="seed", WEB_WORKERS="1")
    site.start("--no-cluster")
    site.wait_ready()
    clients = Clients(site, CLIENTS)
    clients.start()
    store = site.data_dir / "db.sqlite3"

    def one_is_at_the_gateway() -> bool:
        with closing(sqlite3.connect(store)) as money:
            query = "SELECT count(*) FROM transactions_transaction WHERE status = 'pending'"
            return bool(money.execute(query).fetchone()[0])

    wait_for(one_is_at_the_gateway, 10, "a payment waits for the gateway")
    web = site.child("web")
    assert web is not None
    (worker,) = web.children()
    os.kill(worker.pid, signal.SIGKILL)
    clients.join()
    lost = clients.outcomes["no answer"]
    assert lost >= 1

    def died() -> list[Any]:
        with closing(sqlite3.connect(site.data_dir / "telemetry.sqlite3")) as telemetry:
            query = (
                "SELECT r.method, p.value, r.status FROM telemetry_request r"
                " JOIN telemetry_name e ON e.id = r.error_type_id"
                " JOIN telemetry_name p ON p.id = r.route_id WHERE e.value = 'process_died'"
            )
            return telemetry.execute(query).fetchall()

    rows = wait_for(died, 10, "the dead requests have rows")
    assert set(rows) == {("POST", "api/transactions/", None)}
    assert len(rows) == lost
    assert settled(site)["balanced"]
