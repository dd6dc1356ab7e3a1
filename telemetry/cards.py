"""Whether a text that somebody wrote holds a payment card number, for an application to refuse."""

import unicodedata

from telemetry.capture.redact import cards, credentials


def holds_card_number(text: str) -> bool:
    """Whether `text` holds a card number or a card's track data.

    By the rules that redaction has: issuer, length, check digit, separators between the digits.
    Other scripts' digits and invisible characters between them hide nothing. Takes time that grows
    with the length alone: cut the length first.
    """
    plain = cards.plain(_ascii_digits(text))
    if cards.maybe(plain) is None:
        return False
    return cards.mask(plain) != plain or credentials.mask_tracks(plain) != plain


def _ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(character)) if character.isdigit() else character
        for character in text
        if unicodedata.category(character) != "Cf"
    )
