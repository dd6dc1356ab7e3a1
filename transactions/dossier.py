"""What this application knows about a transaction, for telemetry's dossier page."""

from uuid import UUID

import telemetry
from transactions.models import LedgerEntry, Transaction
from transactions.money import format_minor
from transactions.representation import moment, of_transaction

_PERMISSION = "transactions.view_transaction"


def sections(transaction_id: str) -> list[telemetry.DossierSection]:
    """The transaction's fields and its ledger entries; empty for an id that is not ours."""
    try:
        identifier = UUID(transaction_id)
    except ValueError:
        return []
    order = Transaction.objects.select_related("owner").filter(pk=identifier).first()
    if order is None:
        return []
    return [_fields(order), _entries(order)]


def _fields(order: Transaction) -> telemetry.DossierSection:
    rows: list[tuple[object, ...]] = [("owner", order.owner.get_username())]
    rows += [
        (name, value) for name, value in of_transaction(order).items() if value not in (None, "")
    ]
    columns = ("field", "value")
    return telemetry.DossierSection("Transaction", columns, rows, permission=_PERMISSION)


def _entries(order: Transaction) -> telemetry.DossierSection:
    entries = list(
        LedgerEntry.objects.filter(transaction=order).select_related("account").order_by("id")
    )
    rows: list[tuple[object, ...]] = [
        (
            moment(entry.created_at),
            str(entry.account_id),
            entry.account.kind,
            format_minor(entry.amount_minor, order.currency),
            format_minor(entry.balance_after_minor, order.currency),
        )
        for entry in entries
    ]
    total = format_minor(sum(entry.amount_minor for entry in entries), order.currency)
    note = f"Sum {total} {order.currency}" if entries else "No money was moved."
    columns = ("time", "account", "kind", "amount", "balance after")
    title = "Ledger entries"
    return telemetry.DossierSection(title, columns, rows, note, permission=_PERMISSION)
