"""Money rules: the only code that writes accounts, transactions, ledger and idempotency keys."""
