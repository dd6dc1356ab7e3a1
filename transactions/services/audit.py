"""Checks the whole ledger against its rules, in a few reads; changes nothing."""

from dataclasses import dataclass

from django.db.models import Case, F, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from transactions.models import Account, LedgerEntry, Transaction

_SHOWN = 3


@dataclass(frozen=True)
class Report:
    """Counts, and one sentence for each rule that is broken."""

    transactions: int
    entries: int
    problems: tuple[str, ...]


def check_ledger() -> Report:
    """Verifies every rule; each is one statement, so payments made meanwhile do not disturb it."""
    broken = [
        ("transactions whose entries do not sum to zero", _unbalanced()),
        ("transactions with entries in another currency", _mixed()),
        ("accounts whose balance is not the sum of their entries", _drifted()),
        ("transactions that moved another amount than their status says", _misposted()),
    ]
    return Report(
        transactions=Transaction.objects.count(),
        entries=LedgerEntry.objects.count(),
        problems=tuple(_sentence(rule, ids) for rule, ids in broken if ids),
    )


def _unbalanced() -> list[object]:
    sums = LedgerEntry.objects.values("transaction_id").annotate(total=Sum("amount_minor"))
    return list(sums.exclude(total=0).values_list("transaction_id", flat=True))


def _mixed() -> list[object]:
    foreign = LedgerEntry.objects.exclude(account__currency=F("transaction__currency"))
    return list(foreign.values_list("transaction_id", flat=True).distinct())


def _drifted() -> list[object]:
    posted = Coalesce(Sum("entries__amount_minor"), Value(0))
    accounts = Account.objects.annotate(posted=posted)
    return list(accounts.exclude(balance_minor=F("posted")).values_list("pk", flat=True))


def _misposted() -> list[object]:
    """Orders whose net on their own account is not what their type and status mean."""
    own = Sum("entries__amount_minor", filter=Q(entries__account_id=F("account_id")))
    expected = Case(
        When(type="deposit", status="completed", then=F("amount_minor")),
        When(~Q(type="deposit") & Q(status__in=["completed", "pending"]), then=-F("amount_minor")),
        default=Value(0),
    )
    orders = Transaction.objects.annotate(moved=Coalesce(own, Value(0)), expected=expected)
    return list(orders.exclude(moved=F("expected")).values_list("pk", flat=True))


def _sentence(rule: str, ids: list[object]) -> str:
    shown = ", ".join(str(identifier) for identifier in ids[:_SHOWN])
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f"{len(ids)} {rule}: {shown}{more}"
