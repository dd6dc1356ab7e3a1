"""Resolves orders that a crash or a silent gateway left pending, by asking the gateway.

Safe to run at any time, twice at once, and beside the requests themselves: an order is claimed by
a conditional UPDATE in the transaction that posts its entries.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from transactions.models import Transaction
from transactions.services import gateway_call, outcomes, settlement

logger = logging.getLogger("transactions.reconcile")

# Longer than any gateway call: a younger order is still in its request's hands.
DEFAULT_AGE = timedelta(seconds=60)
_BATCH = 100


@dataclass
class Summary:
    """Orders looked at, by what happened: resolved here, resolved by another, still unknown."""

    resolved: int = 0
    taken: int = 0
    unknown: int = 0

    def __str__(self) -> str:
        return (
            f"{self.resolved} resolved, {self.taken} resolved by another process meanwhile, "
            f"{self.unknown} still unknown"
        )


def reconcile_pending(older_than: timedelta = DEFAULT_AGE) -> Summary:
    """Asks the gateway about each order pending for longer than `older_than`, oldest first."""
    summary = Summary()
    for order in _pending(older_than):
        decision = gateway_call.ask(order)
        if decision.status == Transaction.Status.PENDING:
            summary.unknown += 1
            continue
        won = settlement.resolve(
            order,
            decision.status,
            decline_code=decision.decline_code,
            error_code=decision.error_code,
        )
        if won:
            summary.resolved += 1
            outcomes.count_and_log(order, decision.cause)
        else:
            summary.taken += 1
    # Each minute, and nearly always of nothing: that is for who looks closely.
    level = logging.INFO if summary.resolved or summary.unknown else logging.DEBUG
    logger.log(level, "Reconciled pending transactions: %s", summary)
    return summary


def _pending(older_than: timedelta) -> Iterator[Transaction]:
    # The ids first: the loop calls the gateway, and must not hold a read transaction meanwhile.
    candidates = list(
        Transaction.objects.filter(
            status=Transaction.Status.PENDING, created_at__lte=timezone.now() - older_than
        )
        .order_by("created_at")
        .values_list("pk", flat=True)
    )
    for start in range(0, len(candidates), _BATCH):
        batch = candidates[start : start + _BATCH]
        yield from Transaction.objects.filter(pk__in=batch, status=Transaction.Status.PENDING)
