"""The ledger's own rules: balanced, immutable, never overdrawn, and audited."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.db import transaction as database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transactions.gateway import Answer, GatewayError
from transactions.models import Account, LedgerEntry, Transaction
from transactions.models.ledger import ImmutableEntryError
from transactions.services import ledger
from transactions.services.accounts import clearing_id
from transactions.services.audit import check_ledger
from transactions.services.orders import NewOrder, place
from transactions.uuid7 import uuid7

pytestmark = pytest.mark.django_db

steps = st.lists(
    st.tuples(
        st.sampled_from(["payment", "withdrawal", "deposit", "transfer"]),
        st.integers(1, 150_00),
        st.sampled_from(
            [Answer(True), Answer(False, "no"), GatewayError("down", "down"), OSError()]
        ),
        st.booleans(),
    ),
    max_size=12,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps)
def test_no_sequence_of_orders_breaks_the_ledger(
    steps: Any, user: User, account: Account, gateway: Any, make_account: Any
) -> None:
    """Balances follow a plain model of each order, whatever the gateway does."""
    with database.atomic():
        pair = [account, make_account(user)]
        account.refresh_from_db()
        model = [account.balance_minor, pair[1].balance_minor]
        for kind, amount, outcome, first in steps:
            gateway.outcome = outcome
            source, target = (0, 1) if first else (1, 0)
            counterparty = pair[target].pk if kind == "transfer" else None
            order = NewOrder(kind, pair[source].pk, amount, "USD", counterparty_id=counterparty)
            expect(model, kind, amount, outcome, source, target)
            place(user.pk, order)
        balances = [Account.objects.get(pk=each.pk).balance_minor for each in pair]
        assert balances == model
        assert min(balances) >= 0
        assert check_ledger().problems == ()
        database.set_rollback(True)


def expect(
    model: list[int], kind: str, amount: int, outcome: Any, source: int, target: int
) -> None:
    approved = outcome == Answer(True)
    if kind == "deposit":
        model[source] += amount if approved else 0
    elif model[source] >= amount:
        if kind == "transfer":
            model[source] -= amount
            model[target] += amount
        elif approved or isinstance(outcome, OSError):  # Without an answer the money stays held.
            model[source] -= amount


def test_legs_that_do_not_sum_to_zero_are_refused(account: Account) -> None:
    with pytest.raises(ledger.UnbalancedPostingError), database.atomic():
        ledger.move(uuid7(), [ledger.Leg(account.pk, -5), ledger.Leg(clearing_id("USD"), 4)])
    account.refresh_from_db()
    assert account.balance_minor == 100_00


def test_a_leg_to_no_account_rolls_everything_back(account: Account) -> None:
    with pytest.raises(ledger.UnbalancedPostingError), database.atomic():
        ledger.move(uuid7(), [ledger.Leg(account.pk, -5), ledger.Leg(uuid7(), 5)])
    account.refresh_from_db()
    assert account.balance_minor == 100_00


@pytest.mark.django_db(transaction=True)
def test_balances_move_inside_a_database_transaction_only(account: Account) -> None:
    with pytest.raises(database.TransactionManagementError):
        ledger.move(uuid7(), [ledger.Leg(account.pk, -5), ledger.Leg(clearing_id("USD"), 5)])


def test_the_database_itself_refuses_a_negative_balance(account: Account) -> None:
    with pytest.raises(IntegrityError), database.atomic():
        Account.objects.filter(pk=account.pk).update(balance_minor=-1)


@pytest.mark.parametrize(
    "changes", [{"amount_minor": 0}, {"amount_minor": -1}, {"type": "transfer"},
                {"status": "pending"}],
)  # fmt: skip
def test_the_database_itself_refuses_an_impossible_transaction(
    changes: dict[str, Any], account: Account
) -> None:
    with pytest.raises(IntegrityError), database.atomic():
        Transaction.objects.filter(account=account).update(**changes)


def test_entries_can_be_neither_changed_nor_deleted(account: Account) -> None:
    entry = LedgerEntry.objects.filter(account=account).get()
    for attempt in (
        entry.save,
        entry.delete,
        LedgerEntry.objects.all().delete,
        lambda: LedgerEntry.objects.update(amount_minor=1),
    ):
        with pytest.raises(ImmutableEntryError):
            attempt()


def test_a_sound_ledger_is_one_line(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_ledger")
    assert capsys.readouterr().out == "Ledger balances: 1 transactions, 2 entries.\n"


def tamper_balance(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(balance_minor=1)


def tamper_status(account: Account) -> None:
    Transaction.objects.filter(account=account).update(status="failed")


def tamper_entry(account: Account) -> None:
    entry = LedgerEntry.objects.filter(account=account).get()
    entry.pk = None
    LedgerEntry.objects.bulk_create([entry])


def tamper_currency(account: Account) -> None:
    Transaction.objects.filter(account=account).update(currency="EUR")


@pytest.mark.parametrize(
    ("tamper", "rule"),
    [(tamper_balance, "not the sum of their entries"), (tamper_status, "another amount"),
     (tamper_entry, "do not sum to zero"), (tamper_currency, "another currency")],
)  # fmt: skip
def test_a_broken_ledger_fails_the_check_naming_what_is_broken(
    tamper: Any, rule: str, account: Account
) -> None:
    tamper(account)
    with pytest.raises(CommandError, match=f"Ledger does not balance: .*{rule}") as caught:
        call_command("check_ledger")
    assert caught.value.returncode == 1
    assert "\n" not in str(caught.value)
