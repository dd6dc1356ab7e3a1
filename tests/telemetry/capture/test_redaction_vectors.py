"""Generated numbers, tokens and their ways to be written, and what only looks like them."""

import json
import random
import string
import uuid
from collections.abc import Iterator

import pytest
from stdnum import iban, luhn

from telemetry.capture import redact, values
from telemetry.capture.redact import cards

GIVEN = """
4111111111111111 4222222222222 5555555555554444 2223003122003222 378282246310005 6011111111111117
3056930009020004 36227206271667 3566002020360505 6200000000000005 6205500000000000004
""".split()
# (prefix, lengths) of issuers
ISSUERS = [
    ("4", (13, 16, 18, 19)), ("51", (16,)), ("55", (16,)), ("2221", (16,)), ("2720", (16,)),
    ("2200", (16,)), ("34", (15,)), ("37", (15,)), ("300", (14, 16)), ("305", (14,)), ("36", (14,)),
    ("38", (14, 16)), ("39", (14,)), ("3528", (16,)), ("3589", (16, 19)), ("6011", (16, 19)),
    ("644", (16,)), ("65", (16,)), ("62", (16, 17, 18, 19)), ("5018", (13, 16)), ("6304", (16,)),
    ("6759", (18,)), ("60", (16,)),
]  # fmt: skip
SEPARATORS = [" ", "-", "\u00a0", ".", "\u2013", "_", "%20", "\u202f", "\u2011"]
FULL_WIDTH = str.maketrans({str(n): chr(0xFF10 + n) for n in range(10)})


def made(chance: random.Random) -> Iterator[str]:
    """Card numbers of every issuer and length."""
    for prefix, lengths in ISSUERS:
        for length in lengths:
            body = prefix + "".join(chance.choices("0123456789", k=length - len(prefix) - 1))
            yield body + str(luhn.calc_check_digit(body))


CARDS = [*GIVEN, *made(random.Random(11))]


def grouped(number: str, separator: str) -> str:
    size = [4, 6, 5] if len(number) == 15 else [4] * 5
    parts, at = [], 0
    for each in size:
        parts.append(number[at : at + each])
        at += each
    return separator.join(part for part in parts if part)


@pytest.mark.parametrize("number", CARDS)
@pytest.mark.parametrize("separator", ["", *SEPARATORS])
def test_cards_of_every_issuer_however_they_are_written(number: str, separator: str) -> None:
    written = grouped(number, separator) if separator else number
    for text in (written, f"paid with {written}, thanks", f'{{"number": "{written}"}}'):
        shown = redact.text(text)
        assert f"[card ****{number[-4:]}]" in shown
        assert number[:8] not in cards.plain(shown).replace("%20", "").translate(
            str.maketrans("", "", " -._")
        )


@pytest.mark.parametrize("number", CARDS)
def test_cards_in_full_width_digits(number: str) -> None:
    assert (
        redact.text(f"カード {number.translate(FULL_WIDTH)}") == f"カード [card ****{number[-4:]}]"
    )


@pytest.mark.parametrize("number", CARDS)
def test_a_wrong_check_digit_is_no_card(number: str) -> None:
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert redact.text(wrong) == wrong


def test_two_cards_side_by_side_are_both_masked() -> None:
    assert redact.text("4111111111111111 5555555555554444") == "[card ****1111] [card ****4444]"
    assert redact.text("4111111111111111,5555555555554444") == "[card ****1111],[card ****4444]"


@pytest.mark.parametrize(
    "track",
    [
        "%B4111111111111111^DOE/JOHN^25121010000000000000?",
        "B4111111111111111^DOE/JOHN                ^2512101123456789?",
        ";4111111111111111=25121010000012300000?",
        "read ;5555555555554444=2512101123? twice",
    ],
)
def test_of_track_data_nothing_stays(track: str) -> None:
    shown = redact.text(track)
    assert "[track data]" in shown
    for part in ("DOE", "1111", "4444", "2512"):
        assert part not in shown


@pytest.mark.parametrize(
    "key", ["cvv", "CVC", "cvv2", "cid", "pin", "security_code", "track2", "csc"]
)
@pytest.mark.parametrize("value", [123, "123", ["123"], {"a": 123}])
def test_codes_are_dropped_by_key_at_any_depth(key: str, value: object) -> None:
    cleaned = values.clean_mapping({"a": [{"b": {key: value}}], key: value})
    assert cleaned == {"a": [{"b": {key: redact.REDACTED}}], key: redact.REDACTED}


@pytest.mark.parametrize(
    "key", ["cvv", "cvc2", "cid", "pin", "security_code", "password", "cardPin"]
)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_codes_in_json_inside_strings_are_dropped(key: str, depth: int) -> None:
    text: object = {key: 7351}
    for _ in range(depth):
        text = json.dumps({"body": text} if not isinstance(text, str) else text)
    shown = values.clean(str(text))
    assert "7351" not in shown


IBANS = [
    "GB82WEST12345698765432", "DE89370400440532013000", "NO9386011117947",
    "FR1420041010050500013M02606", "NL91ABNA0417164300", "BE68539007547034",
    "CH9300762011623852957", "ES9121000418450200051332", "IT60X0542811101000000123456",
    "MT84MALT011000012345MTLCAST001S", "SE4550000000058398257466",
]  # fmt: skip


@pytest.mark.parametrize("number", IBANS)
@pytest.mark.parametrize(
    "form", ["{}", "{grouped}", "{lower}", "to {} now", "iban:{grouped}.", "{dashed}"]
)
def test_ibans_by_their_check_digits(number: str, form: str) -> None:
    assert iban.is_valid(number, check_country=False)
    fours = [number[at : at + 4] for at in range(0, len(number), 4)]
    text = form.format(
        number, grouped=" ".join(fours), lower=number.lower(), dashed="-".join(fours)
    )
    shown = redact.text(text)
    assert f"[iban {number[:2]}****{number[-4:]}]".lower() in shown.lower()
    assert number[4:-4].lower() not in shown.lower().replace(" ", "").replace("-", "")
    wrong = number[:2] + f"{(int(number[2:4]) + 1) % 100:02d}" + number[4:]
    assert redact.text(wrong) == wrong


def token(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(random.Random(length).choices(alphabet, k=length))


@pytest.mark.parametrize(
    "secret",
    [
        f"AKIA{token(16, string.ascii_uppercase + string.digits)}",
        f"ghp_{token(36)}", f"github_pat_{token(40)}", f"glpat-{token(20)}",
        f"sk_live_{token(24)}", f"rk_test_{token(24)}", f"whsec_{token(32)}",
        f"sk-proj-{token(40)}",
        f"xoxb-{token(30, string.digits)}-{token(20)}", f"AIza{token(35)}", f"ya29.{token(60)}",
        f"SG.{token(22)}.{token(43)}", f"npm_{token(36)}", f"pypi-{token(60)}",
        f"shpat_{token(32, '0123456789abcdef')}", f"sq0atp-{token(22)}",
        f"key-{token(32, '0123456789abcdef')}",
        f"eyJ{token(20)}.eyJ{token(40)}.{token(43)}",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "form", ["{}", "using {} for it", "https://example.com/hook/{}/x", '"{}"', "[{}]"]
)
def test_tokens_of_known_issuers(secret: str, form: str) -> None:
    shown = redact.text(form.format(secret))
    assert secret[8:] not in shown
    assert redact.REDACTED in shown


def test_key_blocks_go_whole() -> None:
    block = (
        f"-----BEGIN RSA PRIVATE KEY-----\n{token(64)}\n{token(64)}\n-----END RSA PRIVATE KEY-----"
    )
    assert redact.text(f"before {block} after") == f"before {redact.REDACTED} after"
    cut = block[:90]
    assert token(64)[:20] not in redact.text(f"cut {cut}")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/api/cards/4111111111111111/", "/api/cards/[card ****1111]/"),
        ("/pay/GB82WEST12345698765432", "/pay/[iban GB****5432]"),
        ("/reset/cGFzc3dvcmQtcmVzZXQ/", "/reset/[redacted]/"),
        ("/accounts/reset/MQ/c7v4ab-0123456789abcdef0123456789abcdef/", None),
        ("/api/token/refresh/", "/api/token/refresh/"),
        ("/verify/email/", "/verify/email/"),
        ("/shops/7/orders/", "/shops/7/orders/"),
    ],
)
def test_path_segments(given: str, kept: str | None) -> None:
    if kept is not None:
        assert redact.path(given) == kept
    else:
        assert "0123456789abcdef" not in redact.path(given)


def test_hardly_a_random_identifier_is_touched() -> None:
    chance = random.Random(3)
    made = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(20_000)]
    hexes = [f"{chance.getrandbits(128):032x}" for _ in range(20_000)]
    touched = sum(redact.text(text) != text for text in (*made, *hexes))
    assert touched <= 40_000 * 0.001


def test_no_timestamp_is_touched() -> None:
    chance = random.Random(5)
    for _ in range(20_000):
        # From the year 2000 to 2039, when microseconds begin as Mir's card numbers do.
        seconds = chance.randrange(946_684_800, 2_199_999_999)
        for text in (str(seconds), str(seconds * 1_000), str(seconds * 1_000_000 + 123_456)):
            assert redact.text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T00:31:52.123456Z", "20261124003152", "2026-11-24 003152", "order 100000000042",
        "ORD-2026-000123456", "amount 1234567890123.45", "12,345,678,901,234", "192.168.100.200",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "+49 30 1234567 1234568",
        "build 1.2.3.4.5.6.7.8.9", "sha256 " + "0123456789abcdef" * 4, "version 2026.11.24.1",
    ],
)  # fmt: skip
def test_times_orders_amounts_and_traces_stay(text: str) -> None:
    assert redact.text(text) == text
