"""The ledger: signed entries that sum to zero for each transaction and are never changed."""

from typing import ClassVar, NoReturn

from django.db import models
from django.utils import timezone

from transactions.models.account import Account
from transactions.models.transaction import Transaction


class ImmutableEntryError(Exception):
    """Somebody tried to change or delete a ledger entry. Post an opposite one instead."""


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    """Reads and inserts only."""

    def update(self, **kwargs: object) -> NoReturn:
        raise ImmutableEntryError("Ledger entries are immutable: post an opposite entry instead.")

    def delete(self) -> NoReturn:
        raise ImmutableEntryError("Ledger entries are immutable: post an opposite entry instead.")


class LedgerEntry(models.Model):
    """One leg of a posting: minor units added to `account`, and the balance that it had then."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    amount_minor = models.BigIntegerField()
    balance_after_minor = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes: ClassVar = [models.Index(fields=["account", "id"], name="ledger_account_id")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(amount_minor=0), name="ledger_amount_not_zero"
            )
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id}: {self.amount_minor:+d}"

    def save(self, *args: object, **kwargs: object) -> NoReturn:
        raise ImmutableEntryError("Ledger entries are posted by transactions.services.ledger only.")

    def delete(self, *args: object, **kwargs: object) -> NoReturn:
        raise ImmutableEntryError("Ledger entries are immutable: post an opposite entry instead.")
