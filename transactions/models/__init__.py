"""Money tables. Only `transactions.services` writes them."""

from transactions.models.account import Account
from transactions.models.idempotency import IdempotencyRecord
from transactions.models.ledger import LedgerEntry
from transactions.models.transaction import Transaction

__all__ = ["Account", "IdempotencyRecord", "LedgerEntry", "Transaction"]
