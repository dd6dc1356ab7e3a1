"""Demo users with funded accounts and tokens, for trying the API and for load tests."""

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import transaction as database
from rest_framework.authtoken.models import Token

from transactions.api.throttling import EXEMPT_GROUP
from transactions.models import Account
from transactions.services.funding import fund

# Minor units: enough for a load test of hours.
FUNDS = {"USD": 100_000_000, "EUR": 100_000_000, "GBP": 100_000_000, "JPY": 100_000_000}
# One write transaction each: others wait for the lock no longer than this takes.
_BATCH = 50


def seed(count: int) -> list[dict[str, Any]]:
    """Makes what is missing of demo-0001 … demo-`count`; describes all of them, with balances."""
    names = [f"demo-{number:04d}" for number in range(1, count + 1)]
    for start in range(0, count, _BATCH):
        with database.atomic():
            _ensure(names[start : start + _BATCH])
    return list(_describe(count))


def write(path: Path, users: list[dict[str, Any]]) -> None:
    """Replaces the file at once, readable by its owner only: it holds tokens."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(users, file, indent=1)
            file.write("\n")
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _ensure(names: list[str]) -> None:
    existing = User.objects.filter(username__in=names).values_list("username", flat=True)
    User.objects.bulk_create(
        [User(username=name, password=make_password(None)) for name in set(names) - set(existing)]
    )
    users = list(User.objects.filter(username__in=names))
    group, _ = Group.objects.get_or_create(name=EXEMPT_GROUP)
    group.user_set.add(*users)
    owners = [user.pk for user in users]
    with_token = set(Token.objects.filter(user__in=owners).values_list("user_id", flat=True))
    Token.objects.bulk_create(
        [Token(user=user, key=Token.generate_key()) for user in users if user.pk not in with_token]
    )
    _ensure_accounts(owners)


def _ensure_accounts(owners: Sequence[int]) -> None:
    held = set(Account.objects.filter(owner__in=owners).values_list("owner_id", "currency"))
    missing = [
        Account(owner_id=owner, currency=currency)
        for owner in owners
        for currency in FUNDS
        if (owner, currency) not in held
    ]
    Account.objects.bulk_create(missing)
    for account in missing:
        fund(account, FUNDS[account.currency], "Opening balance")


def _describe(count: int) -> Iterator[dict[str, Any]]:
    users = User.objects.filter(username__startswith="demo-").prefetch_related("accounts")
    tokens = dict(Token.objects.filter(user__in=users).values_list("user_id", "key"))
    by_name = {user.username: user for user in users}
    for number in range(1, count + 1):
        user = by_name[f"demo-{number:04d}"]
        yield {
            "username": user.username,
            "token": tokens[user.pk],
            "accounts": [
                {"id": str(account.pk), "currency": account.currency, "balance": account.balance}
                for account in sorted(user.accounts.all(), key=lambda account: account.pk)
            ],
        }
