"""The JSON shapes of the API, built without DRF so that services can store an answer."""

from datetime import UTC, datetime

from transactions.models import Account, LedgerEntry, Transaction
from transactions.money import format_minor


def of_account(account: Account) -> dict[str, object]:
    """An account as the API shows it."""
    return {
        "id": str(account.pk),
        "currency": account.currency,
        "balance": account.balance,
        "created_at": moment(account.created_at),
    }


def of_transaction(transaction: Transaction) -> dict[str, object]:
    """A transaction as the API shows it; codes and times that do not apply are None."""
    counterparty = transaction.counterparty_id
    return {
        "id": str(transaction.pk),
        "type": transaction.type,
        "status": transaction.status,
        "account": str(transaction.account_id),
        "counterparty": None if counterparty is None else str(counterparty),
        "amount": transaction.amount,
        "currency": transaction.currency,
        "description": transaction.description,
        "decline_code": transaction.decline_code or None,
        "error_code": transaction.error_code or None,
        "gateway_reference": transaction.gateway_reference or None,
        "created_at": moment(transaction.created_at),
        "updated_at": moment(transaction.updated_at),
        "completed_at": transaction.completed_at and moment(transaction.completed_at),
    }


def of_entry(entry: LedgerEntry, currency: str) -> dict[str, object]:
    """A line of an account's statement; `entry.transaction` must be loaded."""
    return {
        "id": entry.pk,
        "transaction": str(entry.transaction_id),
        "type": entry.transaction.type,
        "description": entry.transaction.description,
        "amount": format_minor(entry.amount_minor, currency),
        "currency": currency,
        "balance_after": format_minor(entry.balance_after_minor, currency),
        "created_at": moment(entry.created_at),
    }


def moment(value: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    text = value.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
