"""Idempotency keys: what each user's key was used for, and what was answered."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from transactions.models.transaction import Transaction


class IdempotencyRecord(models.Model):
    """A key reserved with its transaction and completed with that transaction's answer.

    `fingerprint` is the SHA-256 of the request's canonical content. Records that are done are
    deleted after `IDEMPOTENCY_TTL`; the key then counts as new.
    """

    class State(models.TextChoices):
        IN_FLIGHT = "in_flight"
        DONE = "done"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    transaction = models.OneToOneField(
        Transaction, on_delete=models.PROTECT, related_name="idempotency"
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.IN_FLIGHT)
    response_status = models.PositiveSmallIntegerField(null=True)
    response_body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_user_key")
        ]

    def __str__(self) -> str:
        return f"record {self.pk} ({self.state})"
