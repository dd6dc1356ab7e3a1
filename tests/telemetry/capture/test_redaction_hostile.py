"""Ways round redaction that people and programs happen on, and what it must not take for one."""

import json
import random

import pytest

from telemetry.capture import redact, values

CORE = "Qx7k9PzR4mW2vT8sLb5"


@pytest.mark.parametrize(
    "written",
    [
        "card4111111111111111", "PAN4111111111111111", "4111111111111111USD",
        "visa_4111111111111111",
        "4111  1111  1111  1111", "4111 - 1111 - 1111 - 1111", "4111\t1111\t1111\t1111",
        "4111+1111+1111+1111", "4111%2d1111%2D1111%2d1111", "4111%C2%A01111%c2%a01111%C2%A01111",
        "4111%E2%80%931111%E2%80%931111%E2%80%931111", "4111\u200b1111\u200b1111\u200b1111",
        "4111\u20141111\u20141111\u20141111", "\u0664" + "\u0661" * 15, "\u0967111".replace(
            "\u0967", "\u096a") + "1" * 12, "n=4111111111111111&x", "4111111111111111=x",
    ],
)  # fmt: skip
def test_cards(written: str) -> None:
    shown = redact.text(f"paid {written} today")
    assert "[card ****" in shown
    assert "111 1" not in shown
    assert "1111111" not in shown


@pytest.mark.parametrize("separator", ["\u00a0", "\u2013", "\u202f", "\u2011", "\u2212"])
def test_cards_whose_separators_json_has_escaped(separator: str) -> None:
    inner = json.dumps({"n": separator.join(["4111", "1111", "1111", "1111"])})
    assert inner.isascii()
    assert "[card ****1111]" in redact.text(inner)
    assert "4111" not in redact.text(inner)


@pytest.mark.parametrize(
    "written", ["GB82%20WEST%201234%205698%207654%2032", "GB82.WEST.1234.5698.7654.32",
                "GB82_WEST_1234_5698_7654_32", "iban=GB82+WEST+1234+5698+7654+32"],
)  # fmt: skip
def test_ibans(written: str) -> None:
    assert "[iban GB****5432]" in redact.text(written)


@pytest.mark.parametrize(
    "line",
    [
        "Authorization=ApiKey {}", "Authorization: Negotiate {}",
        "Authorization: AWS4-HMAC-SHA256 Credential={}/x, SignedHeaders=host, Signature={}",
        "password='it\\'s {}'", '{{"password": "a\\"{}"}}', '{{"password": ["{}"]}}',
        '{{"password": {{"v": "{}"}}}}', "password=('{}')", "password => '{}'", "passwordHash={}",
        "pass={}", "user_pass={}", "signature={}", "client_assertion={}", "otp={}",
        "credentials={}",
        "session_id={}", "JSESSIONID={}", "PHPSESSID={}", "https://user:p@{}@host/", "cardCvv={}",
        "AccountKey={}==;", "SharedAccessKey={}", "secret_key_base: {}",
    ],
)  # fmt: skip
def test_credentials(line: str) -> None:
    shown = redact.text(line.format(CORE, CORE))
    assert CORE not in shown
    assert redact.text(shown) == shown


@pytest.mark.parametrize(
    "said", ["CVV 123", "cvc2 is 123", "the security code 1234", "PIN 1234", "PIN code is 123456"]
)
def test_codes_as_people_write_them(said: str) -> None:
    assert not any(map(str.isdigit, redact.text(said).replace("cvc2", "")))


@pytest.mark.parametrize(
    "message",
    [
        "Not Found: /accounts/reset/MQ/c7v4ab-0123456789abcdef0123456789abcdef/",
        "GET https://shop.test/verify/0123456789abcdef0123/?next=/",
        '"GET /magic-link/Qx7k9PzR4mW2vT8sLb5 HTTP/1.1" 404 12',
    ],
)
def test_links_that_open_something_in_any_text(message: str) -> None:
    shown = redact.text(message)
    assert "/[redacted]" in shown
    assert "9PzR" not in shown
    assert "0123456789" not in shown


@pytest.mark.parametrize(
    "harmless",
    [
        'File "/srv/app/accounts/password/validation_of_length_2.py", line 3',
        "/static/reset/normalize-css-8.0.1.css", "passed: 3", "passenger=ann", "spin=3",
        "compass: N",
        "bypass=1", "encoded=abc", "spinning 1234", "PIN 12", "cvv missing", "assess_id=3",
        "tokens used: 12", "1+2=3", "a-1-2-3-4-5-6-7-8-9-10-11-12-13", "10%20 20%20 30%20 40%20 50",
        "12 + 345 + 678 + 901 + 234", "0198f0c4111111111111111144445555",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_stays(harmless: str) -> None:
    assert redact.text(harmless) == harmless


def test_hexadecimal_digests_stay() -> None:
    chance = random.Random(17)
    digests = [f"{chance.getrandbits(bits):0{bits // 4}x}" for bits in (64, 160, 256)] * 5_000
    assert sum(redact.text(text) != text for text in digests) <= len(digests) * 0.001


@pytest.mark.parametrize("key", ["otp", "userPass", "session_id", "JSESSIONID", "password_hash"])
def test_more_keys(key: str) -> None:
    assert values.clean_mapping({key: "abc"}) == {key: redact.REDACTED}
