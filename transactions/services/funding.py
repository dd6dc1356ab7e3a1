"""Opening deposits: real double entry, without asking the gateway."""

from transactions.models import Account, Transaction
from transactions.services import ledger, settlement
from transactions.uuid7 import timestamp, uuid7


def fund(account: Account, amount_minor: int, description: str) -> Transaction:
    """A completed deposit; must run inside a database transaction. Does not refresh `account`."""
    assert account.owner_id is not None, "only customers' accounts are funded"
    identifier = uuid7()
    created = timestamp(identifier)
    deposit = Transaction(
        id=identifier,
        owner_id=account.owner_id,
        account=account,
        type=Transaction.Type.DEPOSIT,
        amount_minor=amount_minor,
        currency=account.currency,
        description=description,
        created_at=created,
        updated_at=created,
    )
    settlement.close(deposit, Transaction.Status.COMPLETED)
    entries = ledger.move(deposit.pk, settlement.credit_legs(deposit))
    deposit.save(force_insert=True)
    ledger.record(entries)
    return deposit
