"""What must not be stored is replaced before a record is made; what looks like it is not."""

import logging
import uuid

import pytest
from django.test import override_settings

from telemetry.capture import redact, values
from telemetry.testing import Captured

CARDS = [
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "3530111333300000",
    "30569309025904",
    "4222222222222",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "3782 822463 10005",
    "6205 5000 0000 0000 004",
]
AROUND = [
    "{}",
    "card {} refused",
    "pan:{}.",
    "order 42 {} 12/27",
    "{} 123",
    "1 {} 737",
    "qty=2&number={}&x=1",
    '{{"number": "{}"}}',
    "2024 {}",
    "number_{}",
    "{}, 4000056655665556",
]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_keeps_its_last_four_digits(card: str, around: str) -> None:
    shown = redact.text(around.format(card))
    digits = card.replace(" ", "").replace("-", "")
    assert card not in shown
    assert f"[card ****{digits[-4:]}]" in shown


@pytest.mark.parametrize(
    "harmless",
    [
        "4111111111111112",  # the check digit is wrong
        "1234567890123452",  # Luhn holds, no such issuer
        str(uuid.UUID("44444444-4444-4444-8444-444444444448")),
        str(uuid.UUID("41111111-1111-1111-8111-111111111111")),
        "0198f0c4111111111111111144445555",
        "amount 1234567.89 of 98765432109.87",
        "0.4111111111111111",
        "1795485361556722114",
        "1795485361556725",
        "1795485361556",
        "2026-11-24 00:31:52.123456",
        "+49 30 1234567",
        "IBAN DE89370400440532013001",  # the check digits are wrong
        "41111111111111110000",
    ],
)
def test_numbers_that_are_no_cards_stay(harmless: str) -> None:
    assert redact.text(harmless) == harmless


def test_random_ids_stay() -> None:
    for _ in range(2_000):
        assert redact.text(text := str(uuid.uuid4())) == text


@pytest.mark.parametrize("odd", ["4" + "١" * 15, "４" + "１" * 15, "4" + "1" * 15 + "é"])
def test_digits_of_other_scripts_do_no_harm(odd: str) -> None:
    assert isinstance(redact.text(odd), str)


@pytest.mark.parametrize(
    "line",
    [
        "password=HUNTER2",
        "password: HUNTER2",
        "{'password': 'HUNTER2', 'user': 'ann'}",
        '{"password": "HUNTER2 HUNTER2", "user": "ann"}',
        '{\\"password\\": \\"HUNTER2\\"}',
        "new_password=HUNTER2",
        "auth_token=HUNTER2",
        "x-api-key: HUNTER2",
        "api_key=HUNTER2&user=ann",
        "accessToken: HUNTER2",
        "client_secret='HUNTER2'",
        "Authorization: Token HUNTER2HUNTER2",
        "authorization=Bearer HUNTER2",
        "sent Bearer HUNTER2HUNTER2",
        "sent Basic dXNlcjpIVU5URVIy_HUNTER2",
        "Cookie: sessionid=HUNTER2; csrftoken=HUNTER2",
        "{'Cookie': 'a=HUNTER2; b=HUNTER2', 'user': 'ann'}",
        "Set-Cookie: sessionid=HUNTER2; Path=/",
        "postgres://ann:HUNTER2@db/money",
        "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0HUNTER2.HUNTER2",
        "cvv=HUNTER2",
        "pin: HUNTER2",
    ],
)
def test_credentials_in_text_are_replaced(line: str) -> None:
    shown = redact.text(line)
    assert "HUNTER2" not in shown
    assert redact.REDACTED in shown
    assert ("ann" in line) == ("ann" in shown)
    assert redact.text(shown) == shown


@pytest.mark.parametrize(
    "prose",
    [
        "Token validation failed",
        "Basic authentication is off",
        "spinning: 3",
        "the password was changed",
        "max_tokens=4096",
        "https://example.com:8000/a@b",
        "monkey=banana",
    ],
)
def test_prose_stays(prose: str) -> None:
    assert redact.text(prose) == prose


@pytest.mark.parametrize(
    "key",
    [
        "password", "Authorization", "HTTP_AUTHORIZATION", "Cookie", "Set-Cookie", "X-Auth-Token",
        "accessToken", "user_password", "client_secret", "CVV", "pan", "card_number", "sessionid",
    ],
)  # fmt: skip
def test_values_of_sensitive_keys_are_never_kept(key: str) -> None:
    cleaned = values.clean_mapping({key: "abc", "deep": {key: ["abc"]}})
    assert cleaned == {key: redact.REDACTED, "deep": {key: redact.REDACTED}}


@pytest.mark.parametrize(
    "key", ["transaction.id", "idempotency.key_hash", "token_type", "company", "opinion", "user"]
)
def test_other_keys_stay(key: str) -> None:
    assert values.clean_mapping({key: "abc"}) == {key: "abc"}


def test_settings_add_keys_in_any_case() -> None:
    with override_settings(TELEMETRY={"SENSITIVE_KEYS": ["Iban"]}):
        assert values.clean_mapping({"IBAN": "DE89"}) == {"IBAN": redact.REDACTED}


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_key_that_settings_add_counts_at_lines_that_have_logged_it(
    is_heard: bool, unheard: logging.Logger, telemetry_capture: Captured
) -> None:
    logger = logging.getLogger("tests.heard") if is_heard else unheard
    for added in ([], ["iban_x"], []):
        with override_settings(TELEMETRY={"SENSITIVE_KEYS": added}):
            logger.warning("paid", extra={"iban_x": "abc"})
    assert [made.attributes["iban_x"] for made in telemetry_capture.logs] == [
        "abc", redact.REDACTED, "abc"
    ]  # fmt: skip


@pytest.mark.parametrize("is_extra", [True, False])
def test_a_value_stays_with_its_key_while_another_thread_changes_the_mapping(
    is_extra: bool, unheard: logging.Logger, telemetry_capture: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    fields = {"a": "one", "b": "two", "c": "three"}

    def change(value: str) -> str:
        # As many as before, in other places.
        fields.pop("b", None)
        fields["password"] = "hunter2"
        return value

    def keep() -> dict[str, object]:
        if is_extra:
            unheard.warning("fields", extra=fields)
            return telemetry_capture.logs[-1].attributes
        return values.clean_mapping(fields)

    assert keep() == fields
    monkeypatch.setattr(redact, "text", change)
    kept = keep()
    assert "hunter2" not in str(kept)
    assert kept == {"a": "one", "b": "two", "c": "three"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("page=2&q=shoes", "page=2&q=shoes"),
        ("token=abc&page=2", f"token={redact.REDACTED}&page=2"),
        ("pass%77ord=abc", f"pass%77ord={redact.REDACTED}"),
        ("n=4111+1111+1111+1111", "n=[card ****1111]"),
        ("n=4111%201111%201111%201111&a=1", "n=[card ****1111]&a=1"),
        ("flag", "flag"),
        ("", ""),
    ],
)
def test_query_strings(given: str, kept: str) -> None:
    assert redact.query_string(given) == kept
