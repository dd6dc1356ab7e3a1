"""What each type of order does to balances, ledger and status, for each answer of the gateway."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from transactions.gateway import Answer, GatewayError, GatewayTimeoutError
from transactions.models import Account, LedgerEntry, Transaction
from transactions.services.audit import check_ledger

pytestmark = pytest.mark.django_db(transaction=True)

START = 100_00


def balance(account: Account) -> int:
    account.refresh_from_db()
    return account.balance_minor


def legs(response: Any) -> list[int]:
    entries = LedgerEntry.objects.filter(transaction_id=response.json()["id"]).order_by("id")
    return [entry.amount_minor for entry in entries]


@pytest.fixture(autouse=True)
def ledger_balances_afterwards() -> Any:
    yield
    assert check_ledger().problems == ()


@pytest.mark.parametrize("kind", ["payment", "withdrawal"])
def test_an_approved_order_takes_the_money(
    kind: str, gateway: Any, place: Any, account: Account
) -> None:
    response = place(type=kind)
    assert response.status_code == 201
    body = response.json()
    assert (body["status"], body["amount"], body["currency"]) == ("completed", "12.34", "USD")
    assert body["completed_at"] is not None
    assert balance(account) == START - 1234
    assert legs(response) == [-1234, 1234]
    assert response["Location"] == f"/api/transactions/{body['id']}/"


def test_an_approved_deposit_brings_the_money(gateway: Any, place: Any, account: Account) -> None:
    response = place(type="deposit")
    assert response.json()["status"] == "completed"
    assert balance(account) == START + 1234
    assert legs(response) == [-1234, 1234]


@pytest.mark.parametrize("kind", ["payment", "withdrawal"])
def test_a_declined_order_gives_the_held_money_back(
    kind: str, gateway: Any, place: Any, account: Account
) -> None:
    gateway.outcome = Answer(False, "do_not_honor")
    response = place(type=kind)
    assert response.status_code == 201
    body = response.json()
    assert (body["status"], body["decline_code"]) == ("declined", "do_not_honor")
    assert balance(account) == START
    assert legs(response) == [-1234, 1234, -1234, 1234]


def test_a_declined_deposit_moves_nothing(gateway: Any, place: Any, account: Account) -> None:
    gateway.outcome = Answer(False, "expired_card")
    response = place(type="deposit")
    assert response.json()["status"] == "declined"
    assert balance(account) == START
    assert legs(response) == []


@pytest.mark.parametrize("kind", ["payment", "withdrawal", "deposit"])
def test_a_gateway_error_fails_the_order_and_moves_nothing(
    kind: str, gateway: Any, place: Any, account: Account
) -> None:
    gateway.outcome = GatewayError("gateway_unavailable", "down")
    response = place(type=kind)
    assert response.status_code == 201
    body = response.json()
    assert (body["status"], body["error_code"]) == ("failed", "gateway_unavailable")
    assert balance(account) == START


@pytest.mark.parametrize("failure", [GatewayTimeoutError("silence"), RuntimeError("client bug")])
def test_a_gateway_without_an_answer_leaves_the_order_pending_with_the_money_held(
    failure: Exception, gateway: Any, place: Any, account: Account
) -> None:
    gateway.outcome = failure
    response = place()
    assert response.status_code == 201
    assert response.json()["status"] == "pending"
    assert balance(account) == START - 1234


def test_an_order_beyond_the_balance_is_declined_without_asking_the_gateway(
    gateway: Any, place: Any, account: Account
) -> None:
    response = place(amount="100.01")
    assert response.status_code == 201
    body = response.json()
    assert (body["status"], body["decline_code"]) == ("declined", "insufficient_funds")
    assert gateway.submitted == []
    assert balance(account) == START
    assert legs(response) == []


def test_the_whole_balance_can_be_spent(gateway: Any, place: Any, account: Account) -> None:
    assert place(amount="100.00").json()["status"] == "completed"
    assert balance(account) == 0


def test_the_gateway_is_called_outside_any_transaction_with_the_order_stored(
    gateway: Any, place: Any
) -> None:
    seen: list[Any] = []
    gateway.during = lambda: seen.append(
        (connection.in_atomic_block, Transaction.objects.get(description="seen").status)
    )
    place(description="seen")
    assert seen == [(False, "pending")]


def test_a_transfer_moves_money_between_accounts_without_the_gateway(
    gateway: Any, place: Any, account: Account, stranger: User, make_account: Callable[..., Account]
) -> None:
    other = make_account(stranger, funds=0)
    response = place(type="transfer", counterparty=str(other.pk))
    assert response.json()["status"] == "completed"
    assert response.json()["counterparty"] == str(other.pk)
    assert (balance(account), balance(other)) == (START - 1234, 1234)
    assert gateway.submitted == []


def test_a_transfer_beyond_the_balance_is_declined(
    place: Any, account: Account, stranger: User, make_account: Callable[..., Account]
) -> None:
    other = make_account(stranger, funds=0)
    response = place(type="transfer", counterparty=str(other.pk), amount="100.01")
    assert response.json()["decline_code"] == "insufficient_funds"
    assert (balance(account), balance(other)) == (START, 0)


def test_unknown_fields_are_ignored(gateway: Any, place: Any) -> None:
    response = place(color="green", status="completed", id="1")
    assert response.status_code == 201
    assert "color" not in response.json()


def test_yen_have_no_minor_unit(
    gateway: Any, place: Any, user: User, make_account: Callable[..., Account]
) -> None:
    yen = make_account(user, currency="JPY", funds=5_000)
    body = place(account=str(yen.pk), currency="JPY", amount="1200").json()
    assert (body["status"], body["amount"]) == ("completed", "1200")
    assert balance(yen) == 3_800
