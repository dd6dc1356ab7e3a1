"""What is known for harmless at a look is what the whole search leaves as it is, too."""

import random

import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from telemetry.capture import redact

HARMLESS = ["order", "of", "Book", "received", "settled", "Gateway", "a", "I", "pinned", "code"]
# Words after which something secret may be written without any sign, or that begin like one.
WORDS = [
    *HARMLESS, "Bearer", "basic", "TOKEN", "tokens", "Digest", "apiKey", "cvv", "CVC", "cvv2",
    "pin", "PIN", "security", "Security", "code", "number", "is", "was", "password", "secret",
    "GB", "DE", "abcdefgh", "abcdefghijklmno", "abcdefghijklmnop", "eyJ", "SK", "AC", "key",
]  # fmt: skip
NUMBERS = ["1", "12", "82", "123", "1234", "4111", "111111111", "4111111111111111", "12.50", "3704"]
SEPARATORS = [" ", " ", " ", ", ", ". ", ".", ",", "-", ": ", "=", "  ", "\t", ""]
texts = st.lists(
    st.tuples(st.sampled_from([*WORDS, *NUMBERS]), st.sampled_from(SEPARATORS)), max_size=12
).map(lambda pairs: "".join(word + after for word, after in pairs))


def searched(value: str) -> str:
    """What redaction makes of it when it looks for every secret."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redact, "is_plain", lambda value: None)
        return redact.text(value)


@given(texts)
@examples(max_examples=2_000, deadline=None)
@example("cvv 123")
@example("Bearer abcdefgh")
@example("pin code is 1234")
def test_a_plain_text_has_nothing_to_replace(value: str) -> None:
    if redact.is_plain(value) is not None:
        assert searched(value) == value


def test_plain_texts_of_many_words_have_nothing_to_replace() -> None:
    chance = random.Random(1)
    plain = 0
    for _ in range(20_000):
        value = " ".join(chance.choices([*WORDS, *NUMBERS], k=chance.randint(1, 12)))
        if redact.is_plain(value) is not None:
            plain += 1
            assert searched(value) == value
    # Otherwise it would have shown little.
    assert plain > 1_000


@pytest.mark.parametrize(
    "value",
    ["order of Book received", "Order settled for 1234.", "Posted 2 entries, balance 12.50 EUR"],
)
def test_what_log_messages_mostly_are_is_plain(value: str) -> None:
    assert redact.is_plain(value) is not None


@pytest.mark.parametrize(
    "value",
    [
        "CVV 123", "cvv2 is 123", "pin was 1234", "Security code 123", "Bearer abcdefghi",
        "basic abcdefghi", "4111 1111 1111 1111", "card 4111 1111 1111 1111 declined",
        "GB82 WEST 1234 5698 7654 32", "password=x", "see token abcdefghi",
    ],
)  # fmt: skip
def test_what_may_hold_a_secret_is_not(value: str) -> None:
    assert redact.is_plain(value) is None
