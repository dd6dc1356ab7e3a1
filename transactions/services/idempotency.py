"""Idempotency keys: reserved with the transaction they start, completed with its answer.

A key is reserved in the database transaction that creates the Transaction, and completed in the
one that settles it. So a key never exists without its transaction, and an answer never without
the money it speaks of.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from django.utils.crypto import salted_hmac

from transactions import representation
from transactions.models import IdempotencyRecord, Transaction
from transactions.services.errors import KeyInFlightError, KeyReusedError

CREATED = 201
_CHUNK = 500


class KeyTakenError(Exception):
    """The user's key exists already; see `replay`."""


@dataclass(frozen=True)
class Key:
    """A client's key within its user's scope, with the fingerprint of what it was sent with."""

    user_id: int
    value: str
    fingerprint: str


def fingerprint(content: dict[str, object]) -> str:
    """SHA-256 of canonical JSON: the same for bodies that mean the same order."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def key_hash(value: str) -> str:
    """A keyed hash for logs and telemetry: equal keys are recognisable, the key is not."""
    digest = salted_hmac("transactions.idempotency", value, algorithm="sha256").hexdigest()
    return digest[:16]


def reserve(key: Key, transaction_id: UUID) -> None:
    """Raises KeyTakenError, after which the caller's database transaction must roll back."""
    try:
        IdempotencyRecord.objects.create(
            user_id=key.user_id,
            key=key.value,
            fingerprint=key.fingerprint,
            transaction_id=transaction_id,
        )
    except IntegrityError as error:
        raise KeyTakenError from error


def complete(transaction: Transaction) -> None:
    """Stores the answer for the key that started `transaction`, when there is one."""
    IdempotencyRecord.objects.filter(
        transaction_id=transaction.pk, state=IdempotencyRecord.State.IN_FLIGHT
    ).update(
        state=IdempotencyRecord.State.DONE,
        response_status=CREATED,
        response_body=json.dumps(representation.of_transaction(transaction)),
    )


def replay(key: Key) -> dict[str, object]:
    """The body answered before; raises KeyReusedError or KeyInFlightError."""
    stored = IdempotencyRecord.objects.get(user_id=key.user_id, key=key.value)
    if stored.fingerprint != key.fingerprint:
        raise KeyReusedError
    if stored.state != IdempotencyRecord.State.DONE:
        raise KeyInFlightError
    body: dict[str, object] = json.loads(stored.response_body)
    return body


def delete_expired() -> int:
    """Deletes answered keys older than IDEMPOTENCY_TTL, in small batches; returns how many."""
    oldest = timezone.now() - timedelta(seconds=settings.IDEMPOTENCY_TTL)
    expired = IdempotencyRecord.objects.filter(
        created_at__lt=oldest, state=IdempotencyRecord.State.DONE
    ).order_by("created_at")
    deleted = 0
    while batch := list(expired.values_list("pk", flat=True)[:_CHUNK]):
        deleted += IdempotencyRecord.objects.filter(pk__in=batch).delete()[0]
    return deleted
