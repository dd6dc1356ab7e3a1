"""The HTTP API over `transactions.services`."""
