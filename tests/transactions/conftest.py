"""Users, funded accounts, an authenticated client, and a gateway that does as it is told."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction as database
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from transactions.gateway import Answer, Order
from transactions.models import Account
from transactions.services.funding import fund

URL = "/api/transactions/"


@pytest.fixture(autouse=True)
def fresh_throttle_counts() -> None:
    cache.clear()


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create(username="alice")


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create(username="mallory")


@pytest.fixture
def make_account(db: None) -> Callable[..., Account]:
    def make(owner: User, currency: str = "USD", funds: int = 100_00) -> Account:
        account = Account.objects.create(owner=owner, currency=currency)
        if funds:
            with database.atomic():
                fund(account, funds, "Test funds")
            account.refresh_from_db()
        return account

    return make


@pytest.fixture
def account(user: User, make_account: Callable[..., Account]) -> Account:
    """Alice's account with 100.00 USD."""
    return make_account(user)


@pytest.fixture
def make_client(db: None) -> Callable[[User], APIClient]:
    def make(owner: User) -> APIClient:
        token, _ = Token.objects.get_or_create(user=owner)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
        return client

    return make


@pytest.fixture
def api(user: User, make_client: Callable[[User], APIClient]) -> APIClient:
    """A client that is authenticated as Alice."""
    return make_client(user)


@dataclass
class ScriptedGateway:
    """Answers or raises `outcome` for `submit`, `truth` for `status`; notes what it was asked."""

    outcome: Answer | Exception = field(default_factory=lambda: Answer(True))
    truth: Answer | Exception | None = None
    submitted: list[Order] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    during: Callable[[], Any] = lambda: None

    def submit(self, order: Order) -> Answer:
        self.submitted.append(order)
        self.during()
        return self._give(self.outcome)

    def status(self, reference: str) -> Answer:
        self.asked.append(reference)
        return self._give(self.outcome if self.truth is None else self.truth)

    @staticmethod
    def _give(outcome: Answer | Exception) -> Answer:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> ScriptedGateway:
    scripted = ScriptedGateway()
    monkeypatch.setattr("transactions.gateway.current", lambda: scripted)
    return scripted


@pytest.fixture
def order_body(account: Account) -> Callable[..., dict[str, Any]]:
    """A valid payment of 12.34 USD from Alice's account, with changes."""

    def make(**changes: Any) -> dict[str, Any]:
        body = {
            "account": str(account.pk),
            "type": "payment",
            "amount": "12.34",
            "currency": "USD",
            "description": "Coffee beans",
        }
        return {**body, **changes}

    return make


@pytest.fixture
def place(api: APIClient, order_body: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
    """Posts an order as Alice; `key` becomes the Idempotency-Key."""

    def post(key: str | None = None, client: APIClient = api, **changes: Any) -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        # Not format="json", which cannot send every string that JSON can.
        body = json.dumps(order_body(**changes))
        return client.post(URL, body, content_type="application/json", headers=headers)

    return post
