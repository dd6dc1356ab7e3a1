"""Redaction: what must not reach the journal is replaced before a record is made."""

import re

from telemetry.conf import settings

REDACTED = "[redacted]"
SENSITIVE_KEYS = frozenset(
    """
    authorization proxy-authorization cookie set-cookie password passwd pwd secret token api_key
    apikey api-key access_token refresh_token client_secret private_key sessionid csrftoken
    csrfmiddlewaretoken cvv cvc cvv2 cvc2 cid pin track1 track2 card_number cardnumber pan
    x-api-key signature session_key
    """.split()
)

# Thirteen digits or more with single separators: the cheap question before the exact one.
_DIGITS = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])")
_ISSUERS = re.compile(
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|30[0-5]|3[689]|35|6(?:011|4[4-9]|5|2)"
)
_SCHEME = re.compile(r"(?i)\b(Bearer|Basic|Token|Digest)(\s+)[A-Za-z0-9._~+/=-]{8,}")
_KEY_VALUE = re.compile(
    r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|password|passwd|pwd|secret|client_secret|"
    r"(?:api|private)[_-]?key|(?:access_|refresh_)?token|sessionid|cvv2?|cvc2?|pin)"
    r"(\"?\s*[=:]\s*\"?)(?:(?:Bearer|Basic|Token|Digest)\s+)?[^\s\"',;&]+"
)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")


def text(value: str) -> str:
    """`value` with card numbers cut to their last four digits and credentials replaced."""
    # A string without a digit, "=" or ":" can hold none of the patterns but a bare scheme.
    if _DIGITS.search(value) is not None:
        value = _DIGITS.sub(_card, value)
    if "=" in value or ":" in value:
        value = _KEY_VALUE.sub(rf"\1\2{REDACTED}", value)
    if " " in value:
        value = _SCHEME.sub(rf"\1\2{REDACTED}", value)
    if "eyJ" in value:
        value = _JWT.sub(REDACTED, value)
    return value


def is_sensitive(key: str) -> bool:
    """Whether the value under this key is never kept."""
    lowered = key.lower()
    return lowered in SENSITIVE_KEYS or lowered in settings.SENSITIVE_KEYS


def query_string(value: str) -> str:
    """A URL's query with the values of sensitive keys replaced."""
    if not value:
        return value
    return "&".join(_query_pair(pair) for pair in value.split("&"))


def _query_pair(pair: str) -> str:
    key, equals, _ = pair.partition("=")
    if equals and is_sensitive(key):
        return f"{key}={REDACTED}"
    return text(pair)


def _card(match: re.Match[str]) -> str:
    digits = match.group().replace(" ", "").replace("-", "")
    if _ISSUERS.match(digits) and luhn(digits):
        return f"[card ****{digits[-4:]}]"
    return match.group()


_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 check digit."""
    numbers = [ord(digit) - 48 for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_DOUBLED[number] for number in numbers[1::2])) % 10 == 0
