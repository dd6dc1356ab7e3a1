"""Many requests at once on one SQLite file: no overdraft, no double order, no lost money."""

from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections

from transactions.models import Account, IdempotencyRecord, Transaction
from transactions.services.audit import check_ledger

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """The results of `count` calls that start together, each with connections of its own."""
    barrier, results = Barrier(count), []

    def run(number: int) -> None:
        barrier.wait()
        try:
            results.append(call(number))
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count
    return results


@pytest.mark.parametrize("kind", ["payment", "withdrawal", "transfer"])
def test_parallel_debits_cannot_overdraw(
    kind: str, place: Any, user: User, account: Account, make_account: Callable[..., Account]
) -> None:
    changes = {"type": kind, "amount": "10.00"}
    if kind == "transfer":
        changes["counterparty"] = str(make_account(user, funds=0).pk)
    responses = at_once(20, lambda number: place(key=f"k-{number}", **changes))
    statuses = Counter(response.json()["status"] for response in responses)
    assert statuses == {"completed": 10, "declined": 10}
    account.refresh_from_db()
    assert account.balance_minor == 0
    assert check_ledger().problems == ()


def test_the_same_key_at_once_makes_exactly_one_transaction(place: Any, account: Account) -> None:
    responses = at_once(12, lambda _: place(key="the-key"))
    assert Transaction.objects.filter(type="payment").count() == 1
    assert IdempotencyRecord.objects.count() == 1
    accepted = [response.json()["id"] for response in responses if response.status_code == 201]
    refused = [response.status_code for response in responses if response.status_code != 201]
    assert len(set(accepted)) == 1
    assert set(refused) <= {409}
    account.refresh_from_db()
    assert account.balance_minor == 100_00 - 1234


def test_transfers_both_ways_at_once_keep_the_sum(
    place: Any, user: User, account: Account, make_account: Callable[..., Account]
) -> None:
    other = make_account(user)
    ends = [str(account.pk), str(other.pk)]

    def transfer(number: int) -> Any:
        source, target = ends if number % 2 else reversed(ends)
        return place(type="transfer", account=source, counterparty=target, amount="7.77")

    assert {response.json()["status"] for response in at_once(16, transfer)} == {"completed"}
    balances = Account.objects.filter(pk__in=ends).values_list("balance_minor", flat=True)
    assert list(balances) == [100_00, 100_00]
    assert check_ledger().problems == ()
