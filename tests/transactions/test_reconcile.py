"""Orders that a crash or a silent gateway left pending end as the gateway says, exactly once."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from rest_framework.test import APIClient

from transactions import tasks
from transactions.gateway import Answer, GatewayError, GatewayTimeoutError
from transactions.models import Account, LedgerEntry, Transaction
from transactions.reconcile import reconcile_pending
from transactions.services import settlement
from transactions.services.audit import check_ledger

pytestmark = pytest.mark.django_db(transaction=True)

NOW = timedelta(0)


class Crash(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.fixture
def crash_before_settling(gateway: Any, place: Any) -> Callable[..., Transaction]:
    """Places an order whose process dies after the gateway took it."""

    def crash(key: str | None = None, **changes: Any) -> Transaction:
        def die() -> None:
            raise Crash

        gateway.during = die
        with pytest.raises(Crash):
            place(key=key, **changes)
        gateway.during = lambda: None
        return Transaction.objects.latest("created_at")

    return crash


@pytest.fixture(autouse=True)
def ledger_balances_afterwards() -> Any:
    yield
    assert check_ledger().problems == ()


def balance(account: Account) -> int:
    account.refresh_from_db()
    return account.balance_minor


def test_a_crash_leaves_the_order_pending_with_the_money_held(
    crash_before_settling: Any, account: Account
) -> None:
    order = crash_before_settling()
    assert order.status == "pending"
    assert balance(account) == 100_00 - 1234


@pytest.mark.parametrize(
    ("kind", "truth", "status", "left"),
    [
        ("payment", Answer(True), "completed", 100_00 - 1234),
        ("payment", Answer(False, "limit_exceeded"), "declined", 100_00),
        ("payment", GatewayError("gateway_unavailable", "down"), "failed", 100_00),
        ("deposit", Answer(True), "completed", 100_00 + 1234),
        ("deposit", Answer(False, "limit_exceeded"), "declined", 100_00),
    ],
)
def test_a_pending_order_ends_as_the_gateway_says(
    kind: str, truth: Any, status: str, left: int,
    crash_before_settling: Any, gateway: Any, account: Account,
) -> None:  # fmt: skip
    order = crash_before_settling(type=kind)
    gateway.truth = truth
    assert str(reconcile_pending(NOW)).startswith("1 resolved")
    order.refresh_from_db()
    assert order.status == status
    assert balance(account) == left
    assert gateway.asked == [order.gateway_reference]


def test_a_second_run_finds_nothing_to_do(
    crash_before_settling: Any, gateway: Any, account: Account
) -> None:
    crash_before_settling()
    reconcile_pending(NOW)
    before = (balance(account), LedgerEntry.objects.count())
    assert str(reconcile_pending(NOW)).startswith("0 resolved")
    assert (balance(account), LedgerEntry.objects.count()) == before
    assert len(gateway.asked) == 1


def test_a_young_order_is_left_to_its_request(crash_before_settling: Any) -> None:
    order = crash_before_settling()
    assert str(reconcile_pending()).startswith("0 resolved")
    order.refresh_from_db()
    assert order.status == "pending"


def test_an_order_stays_pending_while_the_gateway_is_silent(
    crash_before_settling: Any, gateway: Any
) -> None:
    order = crash_before_settling()
    gateway.truth = GatewayTimeoutError("silence")
    assert "1 still unknown" in str(reconcile_pending(NOW))
    order.refresh_from_db()
    assert order.status == "pending"


def test_the_idempotency_key_of_a_crashed_request_answers_after_reconciling(
    crash_before_settling: Any, place: Any
) -> None:
    order = crash_before_settling(key="k-1")
    assert place(key="k-1").status_code == 409
    reconcile_pending(NOW)
    response = place(key="k-1")
    assert (response.status_code, response.json()["id"]) == (201, str(order.pk))
    assert response.json()["status"] == "completed"


def test_a_request_that_is_overtaken_by_the_reconciler_does_not_post_again(
    gateway: Any, place: Any, account: Account
) -> None:
    gateway.outcome, gateway.truth = (
        Answer(False, "limit_exceeded"),
        Answer(False, "limit_exceeded"),
    )
    gateway.during = lambda: reconcile_pending(NOW)
    assert place().json()["status"] == "declined"
    assert balance(account) == 100_00
    assert LedgerEntry.objects.filter(transaction__type="payment").count() == 4


def test_an_order_whose_settling_fails_is_503_and_resolved_later(
    gateway: Any, place: Any, api: APIClient, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> bool:
        raise RuntimeError("disk full")

    api.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(settlement, "resolve", fail)
        response = place()
    assert response.status_code == 503
    order = Transaction.objects.get(type="payment")
    assert str(order.pk) in response.json()["detail"]
    reconcile_pending(NOW)
    order.refresh_from_db()
    assert order.status == "completed"


def test_reconcilers_at_once_post_each_order_once(
    crash_before_settling: Any, gateway: Any, account: Account
) -> None:
    for _ in range(5):
        crash_before_settling(amount="1.00")
    gateway.truth = Answer(False, "limit_exceeded")
    barrier, summaries = Barrier(3), []

    def run() -> None:
        barrier.wait()
        summaries.append(reconcile_pending(NOW))
        connections.close_all()

    threads = [Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(summary.resolved for summary in summaries) == 5
    assert balance(account) == 100_00


def test_the_command_says_what_it_did(
    crash_before_settling: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    crash_before_settling()
    call_command("reconcile_pending", "--older-than", "0s")
    assert capsys.readouterr().out.startswith("1 resolved, 0 resolved by another")


@pytest.mark.parametrize("age", ["soon", "-1s", "1w", "1.5h", ""])
def test_the_command_refuses_a_bad_age(age: str) -> None:
    with pytest.raises(CommandError, match="--older-than"):
        call_command("reconcile_pending", f"--older-than={age}")


def test_the_task_reports_what_it_did(crash_before_settling: Any) -> None:
    crash_before_settling()
    assert tasks.reconcile_pending().startswith("0 resolved")
