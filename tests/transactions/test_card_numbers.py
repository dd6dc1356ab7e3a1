"""A card number in a text that would be stored is refused, told by its field, and not repeated."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from telemetry.testing import Captured
from transactions.models import Account, IdempotencyRecord, Transaction

CARD = "4111111111111111"
WRITTEN = (
    CARD,
    "paid with 4111 1111 1111 1111 today",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111_1111_1111_1111",
    "4111%201111%201111%201111",
    "4111\u00a01111\u00a01111\u00a01111",
    "4111\u20131111\u20131111\u20131111",
    "\uff14" + "\uff11" * 15,
    "\u0664" + "\u0661" * 15,
    "\u2463" + "\u00b9" * 15,
    "4111\u200b1111\u200b1111\u200b1111",
    "378282246310005",
    "4222222222222",
    "6205500000000000004",
    ";4111111111111111=29121010000012300000?",
)
HARMLESS = (
    "Coffee beans",
    "4111111111111112",
    "order 20261124-000017, 12.50 EUR",
    "0198f0c4-7a11-7000-8000-00000000abcd",
    "1795479513000",
    "T\u00e9l. +33 1 23 45 67 89",
)


@pytest.fixture
def nothing_is_written(account: Account) -> Iterator[None]:
    before = Transaction.objects.count()
    yield
    assert Transaction.objects.count() == before
    assert not IdempotencyRecord.objects.exists()
    account.refresh_from_db()
    assert account.balance_minor == 100_00


def assert_refused(answer: Any, field: str) -> None:
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "urn:fintech:problem:card_number"
    assert [(error["field"], error["code"]) for error in body["errors"]] == [(field, "card_number")]


@pytest.mark.usefixtures("nothing_is_written")
@pytest.mark.parametrize("text", WRITTEN)
def test_a_description_with_a_card_number_is_refused(
    text: str, gateway: Any, place: Any, telemetry_capture: Captured
) -> None:
    answer = place(key="k-1", description=text)
    assert_refused(answer, "description")
    said = answer.content.decode() + repr(answer.headers)
    assert text not in said
    assert CARD[:8] not in said
    assert gateway.submitted == []
    assert text not in repr(telemetry_capture.events)
    (request,) = telemetry_capture.requests
    assert request.attributes["payment.outcome"] == "rejected"


@pytest.mark.usefixtures("nothing_is_written")
@pytest.mark.parametrize("key", [CARD, f"order-{CARD}", "4111-1111-1111-1111"])
def test_an_idempotency_key_with_a_card_number_is_refused(
    key: str, place: Any, telemetry_capture: Captured
) -> None:
    answer = place(key=key)
    assert_refused(answer, "Idempotency-Key")
    assert key not in answer.content.decode()
    assert key not in repr(telemetry_capture.events)
    # Not even a keyed hash of it.
    assert "idempotency.key_hash" not in telemetry_capture.requests[0].attributes


@pytest.mark.parametrize("text", HARMLESS)
def test_other_numbers_are_stored_as_they_were_written(text: str, gateway: Any, place: Any) -> None:
    answer = place(description=text)
    assert answer.status_code == 201
    assert Transaction.objects.get(pk=answer.json()["id"]).description == text


@pytest.mark.usefixtures("nothing_is_written")
@pytest.mark.parametrize("field", ["amount", "currency", "type", "account", "counterparty"])
def test_no_answer_repeats_a_card_number_that_was_sent_in_another_field(
    field: str, place: Any
) -> None:
    answer = place(**{field: CARD})
    assert answer.status_code == 400
    assert CARD not in answer.content.decode()


def test_the_refusal_is_described(tmp_path: Any) -> None:
    path = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(path))
    schema = yaml.safe_load(path.read_text())
    post = schema["paths"]["/api/transactions/"]["post"]
    assert "card_number" in post["responses"]["422"]["description"]
    (key,) = [one for one in post["parameters"] if one["name"] == "Idempotency-Key"]
    assert "card number" in key["description"]
    fields = schema["components"]["schemas"]["TransactionRequestRequest"]["properties"]
    assert "card number" in fields["description"]["description"]
