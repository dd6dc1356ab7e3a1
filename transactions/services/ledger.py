"""Double entry: moves balances and posts the matching entries, in one database transaction.

A balance changes by one conditional UPDATE that also returns the new balance (SQLite 3.35 or
later, PostgreSQL). It is never read, computed in Python and saved, so two requests at once
cannot both spend the same money.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

from transactions.models import Account, LedgerEntry

_MOVE = """
    UPDATE transactions_account SET balance_minor = balance_minor + %s
    WHERE id = %s AND (kind = 'clearing' OR balance_minor + %s >= 0)
    RETURNING balance_minor
"""


class Leg(NamedTuple):
    """Minor units, signed, to add to an account."""

    account_id: UUID
    amount_minor: int


class InsufficientFundsError(Exception):
    """The debit would take a customer's balance below zero. Nothing was moved."""


class UnbalancedPostingError(Exception):
    """The legs do not sum to zero, or name an account that does not exist: a bug in the caller."""


def move(transaction_id: UUID, legs: Sequence[Leg]) -> list[LedgerEntry]:
    """Applies the legs, debits first, and returns their entries, not yet stored.

    Must run inside a database transaction, which must also `record` the entries. Raises
    InsufficientFundsError with nothing moved.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("Balances move inside a transaction only.")
    if not legs or sum(leg.amount_minor for leg in legs) != 0:
        raise UnbalancedPostingError(f"The legs of {transaction_id} do not sum to zero.")
    entries: list[LedgerEntry] = []
    for leg in sorted(legs, key=lambda leg: leg.amount_minor):
        balance = _apply(leg)
        if balance is None and not entries:
            raise InsufficientFundsError(str(leg.account_id))
        if balance is None:
            raise UnbalancedPostingError(
                f"Account {leg.account_id} cannot take {leg.amount_minor}."
            )
        entries.append(
            LedgerEntry(
                transaction_id=transaction_id,
                account_id=leg.account_id,
                amount_minor=leg.amount_minor,
                balance_after_minor=balance,
            )
        )
    return entries


def record(entries: list[LedgerEntry]) -> None:
    """Stores the entries that `move` returned."""
    LedgerEntry.objects.bulk_create(entries)


def _apply(leg: Leg) -> int | None:
    """The balance afterwards; None when the account is missing or does not have the money."""
    identifier = Account._meta.pk.get_db_prep_value(leg.account_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [leg.amount_minor, identifier, leg.amount_minor])
        rows = cursor.fetchall()
    return int(rows[0][0]) if rows else None
