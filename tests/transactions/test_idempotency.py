"""The same key and body carry out an order once and are answered alike; others are refused."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from transactions import tasks
from transactions.gateway import Answer, GatewayTimeoutError
from transactions.models import Account, IdempotencyRecord, Transaction
from transactions.reconcile import reconcile_pending

pytestmark = pytest.mark.django_db(transaction=True)


def payments() -> int:
    return Transaction.objects.filter(type="payment").count()


@pytest.mark.parametrize(
    "outcome", [Answer(True), Answer(False, "do_not_honor"), GatewayTimeoutError("silence")]
)
def test_a_repeated_request_gets_the_same_answer_and_moves_nothing(
    outcome: Any, gateway: Any, place: Any, account: Account
) -> None:
    gateway.outcome = outcome
    first = place(key="k-1")
    account.refresh_from_db()
    balance = account.balance_minor
    second = place(key="k-1")
    assert (second.status_code, second.json()) == (201, first.json())
    assert second["Location"] == first["Location"]
    assert (first.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")
    account.refresh_from_db()
    assert (account.balance_minor, payments(), len(gateway.submitted)) == (balance, 1, 1)


@pytest.mark.parametrize("changes", [{"amount": "100.01"}, {"type": "transfer"}])
def test_orders_that_need_no_gateway_are_answered_alike_too(
    changes: dict[str, str], place: Any, user: User, make_account: Callable[..., Account]
) -> None:
    if changes.get("type") == "transfer":
        changes = {**changes, "counterparty": str(make_account(user, funds=0).pk)}
    first, second = place(key="k-1", **changes), place(key="k-1", **changes)
    assert second.json() == first.json()
    assert second["Idempotent-Replayed"] == "true"


def test_the_answer_stays_the_same_when_the_transaction_went_on(gateway: Any, place: Any) -> None:
    gateway.outcome, gateway.truth = GatewayTimeoutError("silence"), Answer(True)
    first = place(key="k-1")
    reconcile_pending(timedelta(0))
    assert Transaction.objects.get(pk=first.json()["id"]).status == "completed"
    assert place(key="k-1").json() == first.json()


@pytest.mark.parametrize(
    "changes", [{"amount": "12.35"}, {"type": "withdrawal"}, {"description": "Tea"}]
)
def test_the_same_key_with_another_body_is_422(
    changes: dict[str, str], gateway: Any, place: Any
) -> None:
    place(key="k-1")
    response = place(key="k-1", **changes)
    assert response.status_code == 422
    assert response.json()["type"] == "urn:fintech:problem:idempotency_key_reused"
    assert payments() == 1


def test_bodies_that_mean_the_same_are_the_same(gateway: Any, place: Any) -> None:
    first = place(key="k-1", amount="12.3")
    assert place(key="k-1", amount="12.30", unknown="field").json() == first.json()


def test_a_key_in_flight_is_409_until_its_request_is_answered(gateway: Any, place: Any) -> None:
    during: list[Any] = []
    gateway.during = lambda: during.append(place(key="k-1"))
    first = place(key="k-1")
    assert [response.status_code for response in during] == [409]
    assert during[0]["Retry-After"] == "1"
    assert place(key="k-1").json() == first.json()
    assert payments() == 1


def test_a_key_belongs_to_its_user(
    gateway: Any, place: Any, stranger: User, make_account: Any, make_client: Any
) -> None:
    theirs = make_account(stranger)
    first = place(key="k-1")
    second = place(key="k-1", client=make_client(stranger), account=str(theirs.pk))
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]


def test_requests_without_a_key_are_separate_orders(gateway: Any, place: Any) -> None:
    assert place().json()["id"] != place().json()["id"]


def test_a_refused_request_does_not_use_up_its_key(gateway: Any, place: Any) -> None:
    assert place(key="k-1", amount="0").status_code == 400
    assert place(key="k-1").json()["status"] == "completed"


def test_a_key_never_outlives_a_failed_first_transaction(
    gateway: Any, place: Any, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("disk full")

    api.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("transactions.services.ledger.record", fail)
        assert place(key="k-1").status_code == 500
    assert (payments(), IdempotencyRecord.objects.count()) == (0, 0)
    assert place(key="k-1").json()["status"] == "completed"


def test_cleanup_deletes_expired_answers_and_keeps_the_rest(gateway: Any, place: Any) -> None:
    for key in ("old", "in-flight", "new"):
        place(key=key)
    yesterday = timezone.now() - timedelta(hours=25)
    IdempotencyRecord.objects.exclude(key="new").update(created_at=yesterday)
    IdempotencyRecord.objects.filter(key="in-flight").update(state="in_flight")
    assert tasks.cleanup() == "1 expired idempotency keys deleted"
    assert set(IdempotencyRecord.objects.values_list("key", flat=True)) == {"in-flight", "new"}


def test_the_stored_answer_is_the_one_that_was_given(gateway: Any, place: Any) -> None:
    response = place(key="k-1")
    stored = IdempotencyRecord.objects.get()
    assert (json.loads(stored.response_body), stored.response_status) == (response.json(), 201)
