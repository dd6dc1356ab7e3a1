"""Redaction takes time that grows with the length alone, whatever the text is made of."""

import random
import time

import pytest

from telemetry.capture import redact, values

PIECES = [
    "1 ", "4111-", "4111 ", "4111%20", "41111111", "a-", "password", "password=", "':", "://",
    "://a:", "token ", "eyJ.", "eyJaaaaa.", "cookie", "cookie=", "GB82", "GB82 ", "GB82WEST ",
    "DE89370400", "%B4111111111111111^", ";4111111111111111=", "-----BEGIN A-----", "-----BEGIN ",
    "sk_live_", "ghp_", "SG.aaaaaaaaaaaaaaaaaaaa.", "AKIA", "xoxb-", "Bearer ", '\\"cvv\\":',
    '{"a":', "pin:", "@", "x@", "４１１１", "\u00a0", "1\u20131", "................", "0_",
    "a1" * 8, "key-", "AC0", "\u2028", "%2d", "1%2d", "1+", "1 - ", "1\\u00a0", "%C2%A01", "a1",
    "/reset/", "/reset/a/", "/token/aaaaaaaaaaaaaaaa1", "pass={", "pass=[", "pass=\"\\\\",
    "sess_id", "asess", "cvv ", "pin is ", "PIN code is 1", "://a:b", "GB82.", "GB82%20",
    "AWS4-HMAC-SHA256 ",
]  # fmt: skip


def spent(text: str) -> float:
    """Processor seconds."""
    began = time.process_time()
    redact.text(text)
    return time.process_time() - began


def assert_linear(piece: str) -> None:
    short = piece * (8_000 // len(piece))
    # Three times the text: three times the time, or nine times where it is squared. Of several
    # tries the best one: what else the machine does only adds.
    ratios = [spent(short * 3) / max(spent(short), 0.0005) for _ in range(7)]
    assert min(ratios) < 5, f"{piece!r}: {ratios}"


@pytest.mark.parametrize("piece", PIECES)
def test_a_text_of_one_piece(piece: str) -> None:
    assert_linear(piece)


@pytest.mark.parametrize("seed", range(30))
def test_texts_of_random_pieces(seed: int) -> None:
    chance = random.Random(seed)
    assert_linear("".join(chance.choices(PIECES, k=chance.randint(2, 5))))


@pytest.mark.parametrize("piece", PIECES)
def test_of_a_very_long_text_hardly_more_is_looked_at_than_is_kept(
    piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    text = redact.text

    def watched(value: str) -> str:
        looked.append(len(value))
        return text(value)

    monkeypatch.setattr(redact, "text", watched)
    values.text(piece * (100_000 // len(piece)))
    assert sum(looked) <= values.TEXT_LIMIT + values._MARGIN
