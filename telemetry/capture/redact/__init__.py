"""Redaction: what must not reach the journal is replaced before a record is made.

Every pattern takes time that grows with the length alone; callers cut the length first.
"""

import re
from urllib.parse import unquote, unquote_plus

from telemetry.capture.redact import cards, credentials, iban
from telemetry.capture.redact.credentials import REDACTED as REDACTED
from telemetry.conf import settings

SENSITIVE_KEYS = frozenset(
    """
    pwd passphrase passcode apikey sessionid csrfmiddlewaretoken cvv cvc cvv2 cvc2 cav cav2 csc cid
    security_code card_security_code card_verification pin pin_code pin_block track track1 track2
    track_1 track_2 track_data track1_data track2_data magstripe card_number cardnumber card_no pan
    signature session_key session_id sessid iban private_key_id pass user_pass otp one_time_code
    client_assertion credential credentials account_key
    """.split()
)
# Of a key in lower case with underscores: `X-Auth-Token`, `HTTP_COOKIE`, `oldPassword` as well.
_SENSITIVE_ENDINGS = (
    "authorization", "cookie", "password", "password1", "password2", "passwd", "secret", "token",
    "api_key", "private_key", "secret_key", "access_key", "signing_key", "encryption_key", "_pin",
    "_cvv", "_cvc", "_pan", "password_hash", "card_number", "accesskey", "userpass", "jsessionid",
    "phpsessid",
)  # fmt: skip
# Words of a path after which the next segment opens something.
_OPENERS = frozenset(
    """
    token tokens reset password secret invite invitation verify verification confirm confirmation
    activate activation magic magic-link
    """.split()
)
_OPENING = re.compile(r"[A-Za-z0-9_\-.~]{16,}\Z")
_maybe_opening = re.compile(r"[A-Za-z0-9_\-.~]{16}").search


# What most log messages are: short words, short numbers that no other follows, and no word after
# which something secret is written without a sign between. Nothing of this form is ever replaced,
# and to see that at once takes a tenth of asking for each secret.
# Spelled out by first letters, and possessive: most words are then known by their first letter, and
# what does not match is given up at once.
_WORD = (
    r"(?:[E-OQRU-Ze-oqru-z][A-Za-z]{0,14}+"
    r"|(?![Bb](?i:earer|asic)|[Tt](?i:oken)|[Dd](?i:igest)|[Aa](?i:pikey)|[Cc][Vv][VvCc]"
    r"|[Pp][Ii][Nn]|[Ss](?i:ecurity))[A-DPSTa-dpst][A-Za-z]{0,14}+)"
)
_NUMBER = r"[0-9]{1,9}+(?:\.[0-9]{1,2}+)?+"
is_plain = re.compile(
    rf"(?:{_WORD}[,.]? |{_NUMBER},? (?=[A-Za-z])){{0,60}}+(?:{_WORD}|{_NUMBER})[.,!?]?\Z"
).match


def text(value: str) -> str:
    """`value` with card numbers cut to their last four digits and credentials replaced."""
    if is_plain(value) is not None and not settings.redact_patterns:
        return value
    if "%" in value or "\\u" in value or not value.isascii() or cards.maybe(value) is not None:
        value = _masked(value)
        return _percent_decoded(value) if "%" in value else value
    if iban.maybe(value) is not None:
        value = iban.mask(value, value)
    value = credentials.mask(value)
    return _by_own_patterns(value) if settings.redact_patterns else value


def _percent_decoded(value: str) -> str:
    """What hides behind the escapes of a URL; `value` itself where that is nothing secret."""
    plain = value
    # Twice: a URL as the parameter of another. No deeper, so that time grows with length alone.
    for _ in range(2):
        decoded = unquote(plain)
        if decoded == plain:
            break
        plain = decoded
        shown = _masked(plain)
        if shown != plain:
            return shown
    return value


def _masked(value: str) -> str:
    return _by_own_patterns(credentials.mask(_numbers(value)))


def _by_own_patterns(value: str) -> str:
    for pattern in settings.redact_patterns:
        value = pattern.sub(REDACTED, value)
    return value


def _numbers(value: str) -> str:
    if "uff1" in value:
        value = cards.narrow(value)
    plain = cards.plain(value)
    if cards.maybe(plain) is not None:
        value = credentials.mask_tracks(value)
        value = cards.mask(value)
        plain = cards.plain(value)
    return iban.mask(value, plain) if iban.maybe(plain) is not None else value


def is_sensitive(key: str) -> bool:
    """Whether the value under this key is never kept."""
    lowered = key.lower()
    plain = lowered.replace("-", "_")
    return (
        plain in SENSITIVE_KEYS
        or plain.endswith(_SENSITIVE_ENDINGS)
        or any(lowered == given.lower() for given in settings.SENSITIVE_KEYS)
    )


# Beside those whose name says it: keys that repeat a payment, and the client's whole address.
_HEADERS = frozenset(
    "idempotency-key x-forwarded-for forwarded x-real-ip true-client-ip cf-connecting-ip".split()
)


def is_sensitive_header(name: str) -> bool:
    """Whether a request header of this name is never recorded."""
    return name.lower() in _HEADERS or name.lower().endswith("token") or is_sensitive(name)


# Short words and short numbers, one a segment: nothing of this form is ever replaced.
is_plain_path = re.compile(r"(?:/(?:[A-Za-z_.\-]{1,15}|[0-9]{1,9})){0,12}/?\Z").match


def path(value: str) -> str:
    """A URL's path: as a text, and without the segment that a word like `reset` is followed by."""
    if is_plain_path(value) is not None:
        return value
    value = text(value)
    if _maybe_opening(value) is None:
        return value
    segments = value.split("/")
    for place, word in enumerate(segments):
        # The next one, or the one after it: `/reset/<user>/<token>/`.
        if word.lower() in _OPENERS:
            for opened in range(place + 1, min(place + 3, len(segments))):
                if _OPENING.match(segments[opened]):
                    segments[opened] = REDACTED
    return "/".join(segments)


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
