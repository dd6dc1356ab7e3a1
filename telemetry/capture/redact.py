"""Redaction: what must not reach the journal is replaced before a record is made."""

import re
from urllib.parse import unquote_plus

from telemetry.conf import settings

REDACTED = "[redacted]"
SENSITIVE_KEYS = frozenset(
    """
    pwd apikey sessionid csrfmiddlewaretoken cvv cvc cvv2 cvc2 cid pin track1 track2 card_number
    cardnumber pan signature session_key
    """.split()
)
# Of a key in lower case with underscores: `X-Auth-Token`, `HTTP_COOKIE`, `oldPassword` as well.
_SENSITIVE_ENDINGS = (
    "authorization",
    "cookie",
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "private_key",
)

# A run of 13 to 19 digits, or the groups that are printed on cards. Not inside a word, a longer
# number or a UUID.
_CARD = re.compile(
    r"(?<![A-Za-z0-9])(?<![0-9]\.)(?:"
    r"[0-9]{13,19}|"
    r"[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(\1[0-9]{1,3})?|"
    r"[0-9]{4}([ -])[0-9]{6}\3[0-9]{4,5}"
    r")(?![A-Za-z0-9])"
)
# What no card is without: 13 digits, a separator between two of them at most.
_maybe_card = re.compile(r"[0-9][0-9 -]{12}").search
_FIRST_GROUP = re.compile(r"[0-9]+")
_ISSUERS = re.compile(
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|30[0-5]|3[689]|35|6(?:011|4[4-9]|5|2)"
)
_SCHEME = re.compile(r"(?i)\b(Bearer|Basic|Token|Digest)( +)([A-Za-z0-9._~+/=-]{8,})")
# Before the key a letter or digit would make it another word; `_` and `-` join words.
_KEY_VALUE = re.compile(
    r"(?i)(?<![A-Za-z0-9])((?:proxy-)?authorization|password|passwd|pwd|secret|"
    r"(?:api|private|session)[_-]?key|(?:access|auth|id|refresh|csrf)?token|sessionid|cvv2?|cvc2?|"
    r"pin)(\\?[\"']?\s*[=:]\s*)(?!\[redacted\])(?:\\?\"[^\"\r\n]*|\\?'[^'\r\n]*|"
    r"(?:(?:Bearer|Basic|Token|Digest)\s+)?[^\s\"',;&})\]]+)"
)
# One of them is in each match.
_KEY_WORDS = (
    "authorization", "passw", "pwd", "secret", "key", "token", "sessionid", "cvv", "cvc", "pin",
)  # fmt: skip
# Every pair of it, up to the closing quote or the end of the line.
_COOKIE = re.compile(r"(?i)(?<![A-Za-z0-9])(cookie[\"']?\s*[=:]\s*[\"']?)[^\"'\r\n]+")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")
_URL_PASSWORD = re.compile(r"(://[^\s/:@]{0,200}:)[^\s/@]{1,200}@")


def text(value: str) -> str:
    """`value` with card numbers cut to their last four digits and credentials replaced."""
    # Cheap questions first, and spelled out: most texts are asked all of them and have nothing.
    if _maybe_card(value) is not None:
        value = _cards(value)
    if "=" in value or ":" in value:
        value = _pairs(value)
    if " " in value:
        lowered = value.lower()
        if (
            "bearer " in lowered
            or "basic " in lowered
            or "token " in lowered
            or "digest " in lowered
        ):
            value = _SCHEME.sub(_scheme, value)
    if "eyJ" in value:
        value = _JWT.sub(REDACTED, value)
    return value


def _pairs(value: str) -> str:
    lowered = value.lower()
    if "cookie" in lowered:
        value = _COOKIE.sub(rf"\1{REDACTED}", value)
    if any(word in lowered for word in _KEY_WORDS):
        value = _KEY_VALUE.sub(_key_value, value)
    if "://" in value:
        value = _URL_PASSWORD.sub(rf"\1{REDACTED}@", value)
    return value


def is_sensitive(key: str) -> bool:
    """Whether the value under this key is never kept."""
    lowered = key.lower()
    plain = lowered.replace("-", "_")
    return (
        plain in SENSITIVE_KEYS
        or plain.endswith(_SENSITIVE_ENDINGS)
        or any(lowered == given.lower() for given in settings.SENSITIVE_KEYS)
    )


def query_string(value: str) -> str:
    """A URL's query with the values of sensitive keys replaced."""
    if not value:
        return value
    return "&".join(_query_pair(pair) for pair in value.split("&"))


def _query_pair(pair: str) -> str:
    key, equals, given = pair.partition("=")
    if equals and is_sensitive(unquote_plus(key)):
        return f"{key}={REDACTED}"
    # A space or a colon is written as `+` or `%3A` there, which hides what they separate.
    plain = unquote_plus(given)
    shown = text(plain)
    return f"{key}{equals}{shown}" if shown != plain else text(pair)


def _key_value(match: re.Match[str]) -> str:
    given = match.group()[match.end(2) - match.start() :]
    quote = given[: len(given) - len(given.lstrip("\\\"'"))]
    return f"{match.group(1)}{match.group(2)}{quote}{REDACTED}"


def _scheme(match: re.Match[str]) -> str:
    scheme, space, given = match.groups()
    # Prose: "Token validation failed", "Basic authentication".
    if scheme.lower() != "bearer" and given.strip(".").isalpha() and given.islower():
        return match.group()
    return f"{scheme}{space}{REDACTED}"


def _cards(value: str) -> str:
    parts: list[str] = []
    at = 0
    while (match := _CARD.search(value, at)) is not None:
        number, rest = match.group(), ""
        if not _is_card(number) and match.group(2):
            # The last group may be another number, a security code for one.
            rest = match.group(2)
            number = number.removesuffix(rest)
        if _is_card(number):
            parts += [value[at : match.start()], f"[card ****{_digits(number)[-4:]}]", rest]
            at = match.end()
        else:
            # A card may begin in the second of these groups.
            group = _FIRST_GROUP.match(value, match.start())
            assert group is not None
            parts.append(value[at : group.end()])
            at = group.end()
    return "".join([*parts, value[at:]])


def _digits(number: str) -> str:
    return number.replace(" ", "").replace("-", "")


def _is_card(number: str) -> bool:
    digits = _digits(number)
    return len(digits) >= 13 and _ISSUERS.match(digits) is not None and luhn(digits)


_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 check digit."""
    numbers = [ord(digit) - 48 for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_DOUBLED[number] for number in numbers[1::2])) % 10 == 0
