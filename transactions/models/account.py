"""Accounts: what a customer has, and the clearing accounts that stand for the outside world."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from transactions import currencies
from transactions.money import format_minor
from transactions.uuid7 import uuid7


class Account(models.Model):
    """A balance in one currency, in whole minor units.

    `balance_minor` is the sum of the account's ledger entries, kept by the same statements that
    post them. Customers' balances never go below zero; a clearing account mirrors money that
    came from or went to the gateway, so its balance may.
    """

    class Kind(models.TextChoices):
        CUSTOMER = "customer"
        CLEARING = "clearing"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.CUSTOMER)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="accounts",
        db_index=False,
    )
    currency = models.CharField(max_length=3, choices=currencies.CHOICES)
    balance_minor = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "id"], name="account_owner_id")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(kind="customer") | Q(balance_minor__gte=0),
                name="account_customer_balance_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(kind="customer", owner__isnull=False)
                | Q(kind="clearing", owner__isnull=True),
                name="account_owner_matches_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.kind}, {self.currency})"

    @property
    def balance(self) -> str:
        """The balance as a decimal string in the major unit."""
        return format_minor(self.balance_minor, self.currency)
