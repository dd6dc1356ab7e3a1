"""Entry points for django-q2; results are plain strings, shown in the admin."""

from transactions import reconcile
from transactions.services import idempotency


def reconcile_pending() -> str:
    """Resolves transactions that were left pending."""
    return str(reconcile.reconcile_pending())


def cleanup() -> str:
    """Deletes idempotency keys that have expired."""
    return f"{idempotency.delete_expired()} expired idempotency keys deleted"
