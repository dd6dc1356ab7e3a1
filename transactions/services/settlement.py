"""The second database transaction of an order: settle it or give the money back, exactly once."""

from typing import Any

from django.db import transaction as database
from django.utils import timezone

from transactions.models import Transaction
from transactions.services import idempotency, ledger
from transactions.services.accounts import clearing_id

Status = Transaction.Status


def debit_legs(order: Transaction) -> list[ledger.Leg]:
    """The legs that take the order's money: to the counterparty, else into clearing."""
    target = order.counterparty_id or clearing_id(order.currency)
    return [
        ledger.Leg(order.account_id, -order.amount_minor),
        ledger.Leg(target, order.amount_minor),
    ]


def credit_legs(order: Transaction) -> list[ledger.Leg]:
    """The legs that bring money from clearing: a deposit, or a held amount given back."""
    return [
        ledger.Leg(clearing_id(order.currency), -order.amount_minor),
        ledger.Leg(order.account_id, order.amount_minor),
    ]


def resolve(
    order: Transaction, status: str, *, decline_code: str = "", error_code: str = ""
) -> bool:
    """Takes a pending order to its final status, with the entries that belong to it.

    The status changes by a conditional UPDATE, so of a request and any number of reconcilers
    exactly one posts. False: another was first, and `order` now shows what it decided.
    """
    with database.atomic():
        if _claim(order, status, decline_code, error_code):
            # A hold stays where it is when the order completes, a deposit arrives only then.
            if order.is_outgoing != (status == Status.COMPLETED):
                ledger.record(ledger.move(order.pk, credit_legs(order)))
            idempotency.complete(order)
            return True
    order.refresh_from_db()
    return False


def answer_while_pending(order: Transaction) -> None:
    """Completes the key of an order whose outcome is unknown: its request is about to be answered.

    Rereads the order first, because a reconciler may have resolved it meanwhile.
    """
    with database.atomic():
        order.refresh_from_db()
        idempotency.complete(order)


def close(
    order: Transaction, status: str, *, decline_code: str = "", error_code: str = ""
) -> dict[str, Any]:
    """Gives an order in memory its final status and returns the fields that this changed."""
    now = timezone.now()
    changes = {
        "status": status,
        "decline_code": decline_code,
        "error_code": error_code,
        "updated_at": now,
        "completed_at": now,
    }
    for name, value in changes.items():
        setattr(order, name, value)
    return changes


def _claim(order: Transaction, status: str, decline_code: str, error_code: str) -> bool:
    changes = close(order, status, decline_code=decline_code, error_code=error_code)
    return Transaction.objects.filter(pk=order.pk, status=Status.PENDING).update(**changes) == 1
