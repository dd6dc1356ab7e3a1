"""Transactions: one row for each order to move money, whatever became of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from transactions import currencies
from transactions.models.account import Account
from transactions.money import format_minor
from transactions.uuid7 import uuid7


class Transaction(models.Model):
    """An order by `owner` on `account`; statuses go pending → completed | declined | failed.

    Declined: somebody said no (`decline_code`). Failed: something broke (`error_code`). Neither
    leaves money moved. `created_at` is the time inside the id, so a range of times is a range
    of ids.
    """

    class Type(models.TextChoices):
        PAYMENT = "payment"
        TRANSFER = "transfer"
        DEPOSIT = "deposit"
        WITHDRAWAL = "withdrawal"

    class Status(models.TextChoices):
        PENDING = "pending"
        COMPLETED = "completed"
        DECLINED = "declined"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="transactions",
        db_index=False,
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="transactions", db_index=False
    )
    counterparty = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="incoming_transfers",
        db_index=False,
    )
    type = models.CharField(max_length=16, choices=Type.choices)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=currencies.CHOICES)
    description = models.CharField(max_length=200, blank=True)
    decline_code = models.CharField(max_length=64, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    gateway_reference = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "id"], name="transaction_owner_id"),
            models.Index(fields=["owner", "status", "id"], name="transaction_owner_status"),
            models.Index(fields=["account", "id"], name="transaction_account_id"),
            models.Index(
                fields=["counterparty"],
                condition=Q(counterparty__isnull=False),
                name="transaction_counterparty",
            ),
            models.Index(
                fields=["created_at"], condition=Q(status="pending"), name="transaction_pending"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="transaction_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(type="transfer", counterparty__isnull=False)
                | (~Q(type="transfer") & Q(counterparty__isnull=True)),
                name="transaction_counterparty_for_transfers",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", completed_at__isnull=True)
                | (~Q(status="pending") & Q(completed_at__isnull=False)),
                name="transaction_completed_at_unless_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.type}, {self.status})"

    @property
    def amount(self) -> str:
        """The amount as a decimal string in the major unit."""
        return format_minor(self.amount_minor, self.currency)

    @property
    def is_outgoing(self) -> bool:
        """Whether the account is debited."""
        return self.type != self.Type.DEPOSIT
