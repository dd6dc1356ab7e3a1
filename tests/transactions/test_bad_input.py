"""Each kind of bad input is refused with a problem that names it, and nothing is written."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from transactions.models import Account, IdempotencyRecord, Transaction

URL = "/api/transactions/"
KEY = {"Idempotency-Key": "bad-input"}

NOT_STRINGS: tuple[Any, ...] = (1, 12.5, 0, -1, 10**40, True, False, None, [], {}, ["1"], {"a": 1})
NOT_AMOUNTS = (
    *(
        "0",
        "0.00",
        "-1",
        "-0",
        "+1",
        "12.345",
        "10000000000.01",
        "9" * 5000,
        "1e999",
        "1e2",
        "1E-2",
    ),
    *("NaN", "nan", "Infinity", "-Infinity", "", " ", " 1", "1 ", "abc", "12,34", "1 000", "0x1"),
    *("\u0661", "1\u0000", "\ud800"),
)
NOT_CURRENCIES = ("XXX", "usd", "", "US", "USDD", "\u0000", "\ud800")
NOT_TYPES = ("refund", "Payment", "", "\ud800")
# The same in every process, or pytest-xdist sees different tests.
NOBODYS = UUID("9f0c3c1e-5d5b-4a57-9d8e-0a4e6f1b2c3d")
NOT_IDS = ("nonsense", "1", "\u0000" * 36, "\ud800", str(NOBODYS), NOBODYS.hex, f"urn:{NOBODYS}")
NOT_DESCRIPTIONS = ("x" * 201, "a\u0000b", "a\nb", "a\x1b[31mb", "\ud800", "\u2028")

BAD_FIELDS: list[tuple[str, Any]] = [
    *(("amount", value) for value in (*NOT_AMOUNTS, *NOT_STRINGS)),
    *(("currency", value) for value in (*NOT_CURRENCIES, *NOT_STRINGS)),
    *(("type", value) for value in (*NOT_TYPES, *NOT_STRINGS)),
    *(("account", value) for value in ("", *NOT_IDS, *NOT_STRINGS)),
    *(("description", value) for value in (*NOT_DESCRIPTIONS, *NOT_STRINGS)),
    # None is what a request without a counterparty may say.
    *(("counterparty", value) for value in (*NOT_IDS, *NOT_STRINGS) if value is not None),
]


def named(response: Any) -> list[str]:
    body = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance"} <= set(body)
    assert body["status"] == response.status_code
    return list(dict.fromkeys(error["field"] for error in body.get("errors", [])))


@pytest.fixture(autouse=True)
def nothing_is_written(account: Account) -> Any:
    before = Transaction.objects.count()
    yield
    assert Transaction.objects.count() == before
    assert not IdempotencyRecord.objects.exists()
    account.refresh_from_db()
    assert account.balance_minor == 100_00


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_a_bad_value_is_refused_naming_its_field(field: str, value: Any, place: Any) -> None:
    response = place(key="bad-input", **{field: value})
    assert response.status_code == 400
    assert named(response) == [field]


@pytest.mark.parametrize("field", ["account", "type", "amount", "currency"])
def test_a_missing_field_is_named(
    field: str, api: APIClient, order_body: Callable[..., dict[str, Any]]
) -> None:
    body = order_body()
    del body[field]
    response = api.post(URL, body, format="json", headers=KEY)
    assert response.status_code == 400
    assert named(response) == [field]


def test_all_bad_fields_are_named_at_once(place: Any) -> None:
    response = place(type="refund", currency="XXX", account="?")
    assert set(named(response)) == {"type", "currency", "account"}


@pytest.mark.parametrize(
    ("amount", "currency"), [("1.001", "USD"), ("1.5", "JPY"), ("1.0001", "KWD")]
)
def test_more_decimals_than_the_currency_has_are_refused(
    amount: str, currency: str, place: Any
) -> None:
    response = place(amount=amount, currency=currency)
    assert named(response) == ["amount"]
    assert currency in response.json()["errors"][0]["detail"]


def test_a_currency_that_the_account_does_not_hold_is_refused(place: Any) -> None:
    response = place(currency="EUR")
    assert response.status_code == 400
    assert named(response) == ["currency"]


def test_a_strangers_account_is_refused_like_one_that_does_not_exist(
    place: Any, stranger: User, make_account: Callable[..., Account]
) -> None:
    theirs = make_account(stranger, funds=0)
    foreign, missing = place(account=str(theirs.pk)), place(account=str(uuid4()))
    assert foreign.status_code == missing.status_code == 400
    assert foreign.json()["errors"] == missing.json()["errors"]
    assert named(foreign) == ["account"]


@pytest.mark.parametrize("value", [None, "", "missing"])
def test_a_transfer_needs_a_counterparty(value: str | None, place: Any) -> None:
    changes = {} if value == "missing" else {"counterparty": value}
    assert named(place(type="transfer", **changes)) == ["counterparty"]


def test_a_transfer_to_the_same_account_is_refused(place: Any, account: Account) -> None:
    assert named(place(type="transfer", counterparty=str(account.pk))) == ["counterparty"]


def test_a_transfer_to_an_account_in_another_currency_is_refused(
    place: Any, stranger: User, make_account: Callable[..., Account]
) -> None:
    euros = make_account(stranger, currency="EUR", funds=0)
    assert named(place(type="transfer", counterparty=str(euros.pk))) == ["counterparty"]


def test_a_clearing_account_cannot_receive_a_transfer(place: Any) -> None:
    clearing = Account.objects.get(kind="clearing", currency="USD")
    assert named(place(type="transfer", counterparty=str(clearing.pk))) == ["counterparty"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b"\xff\xfe", b'{"amount": NaN}', b'{"amount": Infinity}', b"[]",
     b'"text"', b"1", b"null", b"true", b"[" * 30_000, b'{"a":' * 10_000, b'{"a": 1, "a": 2}',
     b'{"amount": ' + b"9" * 5000 + b"}", b'{"amount": 1e999', b"\x00", b'{"a": "\n"}'],
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(body: bytes, api: APIClient) -> None:
    response = api.post(URL, body, content_type="application/json", headers=KEY)
    assert response.status_code == 400
    assert named(response) in (["body"], ["account", "type", "amount", "currency"])


@pytest.mark.parametrize("size", [65_537, 1_048_576, 3_000_000])
def test_a_large_body_is_refused_with_413(size: int, api: APIClient) -> None:
    body = b'{"description": "' + b"x" * size + b'"}'
    response = api.post(URL, body, content_type="application/json", headers=KEY)
    assert response.status_code == 413
    assert named(response) == ["body"]


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_another_media_type_is_refused_with_415(media_type: str, api: APIClient) -> None:
    response = api.post(URL, b"account=1", content_type=media_type, headers=KEY)
    assert response.status_code == 415
    assert named(response) == []


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "caf\u00e9", "a\tb"])
def test_a_bad_idempotency_key_is_refused(key: str, place: Any) -> None:
    response = place(key=key)
    assert response.status_code == 400
    assert named(response) == ["Idempotency-Key"]


@pytest.mark.parametrize(
    "header", [None, "Token", "Token wrong", "Token a b", "Bearer abc", "Token \u00ff"]
)
def test_a_missing_or_wrong_token_is_401_and_says_how_to_authenticate(
    header: str | None, order_body: Callable[..., dict[str, Any]]
) -> None:
    headers = KEY if header is None else {**KEY, "Authorization": header}
    response = APIClient().post(URL, order_body(), format="json", headers=headers)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"
    assert named(response) == []


def test_an_inactive_users_token_is_refused(user: User, place: Any) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert place().status_code == 401


@pytest.mark.parametrize("currency", ["XXX", "", None, 1, [], "\ud800"])
def test_an_account_in_an_unknown_currency_is_refused(currency: Any, api: APIClient) -> None:
    body = json.dumps({"currency": currency})
    response = api.post("/api/accounts/", body, content_type="application/json")
    assert response.status_code == 400
    assert named(response) == ["currency"]
