"""Credentials in text: keys with values, schemes, tokens of known issuers, key blocks, URLs."""

import re

REDACTED = "[redacted]"
_SCHEME = re.compile(r"(?i)\b(Bearer|Basic|Token|Digest|ApiKey)( +)([A-Za-z0-9._~+/=-]{8,})")
# Before the key a letter or digit would make it another word; `_` and `-` join words.
_KEY_VALUE = re.compile(
    r"(?i)(?<![A-Za-z0-9])((?:proxy-)?authorization|password(?:[12]|_?hash)?|passwd|passphrase|"
    r"passcode|pass|pwd|credentials?|signature|client_assertion|otp|one_time_code|"
    r"(?:client_?)?secret|(?:api|private|secret|session|shared_?access|access|account|signing|"
    r"encryption)[_-]?key(?:_base)?|"
    r"(?:access|auth|id|refresh|csrf|xsrf|session|bearer)?[_-]?token|(?:j|php|asp\.net_|asp)?sess(?:ion)?_?id|"
    r"csrfmiddlewaretoken|"
    r"(?:card_?)?(?:cvv2?|cvc2?|cav2?|csc|cid|security[_-]?code|pin(?:[_-]?(?:block|code))?)|"
    r"track[_-]?[12]?(?:[_-]?data)?)"
    r"(\\*[\"']?\s*(?:=>?|:)\s*)(?!\[redacted\])(?:\\+\"[^\"\r\n]*|\\+'[^'\r\n]*|"
    r"\"(?:[^\"\\\r\n]|\\.)*|'(?:[^'\\\r\n]|\\.)*|[\[({][^\])}\r\n]{0,500}|"
    r"(?:(?:Bearer|Basic|Token|Digest|ApiKey|Negotiate|NTLM|Hawk|Signature|AWS4-HMAC-SHA256)\s+)?"
    r"[^\s\"',;&})\]]+)"
)
# One of them is in each match.
_KEY_WORDS = (
    "authorization", "pass", "pwd", "secret", "key", "token", "sess", "cvv", "cvc", "cav", "csc",
    "cid", "code", "pin", "track", "credential", "signature", "assertion", "otp",
)  # fmt: skip
# As people write it: `CVV 123`, `PIN is 1234`.
_SPOKEN = re.compile(
    r"(?i)(?<![A-Za-z0-9])((?:cvv2?|cvc2?|security code|pin)(?: code| number)?(?: is| was)? )"
    r"[0-9]{3,6}(?![0-9A-Za-z.])"
)
# Every pair of it, up to the closing quote or the end of the line.
_COOKIE = re.compile(r"(?i)(?<![A-Za-z0-9])(cookie[\"']?\s*[=:]\s*[\"']?)[^\"'\r\n]+")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")
_URL_PASSWORD = re.compile(r"(://[^\s/:@]{0,200}:)[^\s/]{1,200}@")
_URL_TOKEN = re.compile(r"(://)[^\s/:@]{16,200}@")
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
# ISO/IEC 7813: `%B` number `^` name `^` data `?` and `;` number `=` data `?`.
_TRACK = re.compile(
    r"%?B[0-9 ]{12,23}\^[^\^\r\n]{0,40}\^[^?\s]{0,100}\??|;[0-9]{12,19}=[0-9]{4,40}\??"
)
# A segment of a path that opens something: the one after such a word, or after one more.
_OPENED = re.compile(
    r"(?i)(/(?:tokens?|reset|password|secret|invite|invitation|verify|verification|confirm|"
    r"confirmation|activate|activation|magic|magic-link)/(?:[^\s/]{1,100}/)?)"
    r"([A-Za-z0-9_\-.~]{16,255})(?![A-Za-z0-9_\-.~])"
)
# A run of token characters as long as the shortest of these, and a mark that one has, before they
# are asked one by one.
_maybe_issued = re.compile(r"[A-Za-z0-9_\-.~]{16}").search
_MARKS = (
    "AKIA", "ASIA", "AROA", "AIDA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-",
    "_live_", "_test_", "whsec_", "sk-", "xox", "xapp-", "AIza", "ya29.", "GOCSPX-", "SG.", "npm_",
    "pypi-", "shp", "_v1_", "hf_", "sq0", "EAAA", "SK", "AC", "key-", "access_token$",
)  # fmt: skip
_ISSUED = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"A(?:KIA|SIA|ROA|IDA)[A-Z0-9]{16}"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}"
    r"|glpat-[A-Za-z0-9_\-]{16,64}"
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{16,128}"  # Stripe
    r"|sk-(?:ant-|proj-)?[A-Za-z0-9_\-]{20,255}"
    r"|xox[abeoprs]-[A-Za-z0-9\-]{10,255}|xapp-[A-Za-z0-9\-]{10,255}"  # Slack
    r"|AIza[A-Za-z0-9_\-]{30,40}|ya29\.[A-Za-z0-9_\-]{20,255}|GOCSPX-[A-Za-z0-9_\-]{20,40}"
    r"|SG\.[A-Za-z0-9_\-]{16,64}\.[A-Za-z0-9_\-]{16,64}"  # SendGrid
    r"|npm_[A-Za-z0-9]{30,64}|pypi-[A-Za-z0-9_\-]{16,255}"
    r"|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}|do[opr]_v1_[a-f0-9]{64}|hf_[A-Za-z0-9]{30,64}"
    r"|sq0(?:atp|csp)-[A-Za-z0-9_\-]{20,64}|EAAA[A-Za-z0-9_\-]{50,80}"  # Square
    r"|(?:SK|AC)[0-9a-f]{32}(?![0-9a-f])|key-[0-9a-f]{32}(?![0-9a-f])"  # Twilio, Mailgun
    r"|access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}"  # Braintree
    r")"
)


def mask(value: str) -> str:
    """`value` with what gives access replaced."""
    # Cheap questions first, and spelled out: most texts are asked all of them and have nothing.
    if "=" in value or ":" in value:
        value = _pairs(value)
    if " " in value:
        lowered = value.lower()
        if (
            "bearer " in lowered
            or "basic " in lowered
            or "token " in lowered
            or "digest " in lowered
            or "apikey " in lowered
        ):
            value = _SCHEME.sub(_scheme, value)
        if "cvv" in lowered or "cvc" in lowered or "pin " in lowered or "security code" in lowered:
            value = _SPOKEN.sub(rf"\1{REDACTED}", value)
    if _maybe_issued(value) is not None:
        if _has_mark(value):
            value = _ISSUED.sub(REDACTED, value)
        if "eyJ" in value:
            value = _JWT.sub(REDACTED, value)
        if "-----BEGIN" in value:
            value = _PEM.sub(REDACTED, value)
        if "/" in value:
            value = _OPENED.sub(_opened, value)
    return value


def _has_mark(value: str) -> bool:
    """Whether it has what the token of some known issuer has."""
    # Most long runs are identifiers; to try them against every form takes ten times as long.
    for mark in _MARKS:  # noqa: SIM110 - `any` with a generator takes twice as long
        if mark in value:
            return True
    return False


def mask_tracks(value: str) -> str:
    """`value` without the data of a card's magnetic stripe, of which nothing may stay."""
    if "^" in value or (";" in value and "=" in value):
        return _TRACK.sub("[track data]", value)
    return value


def _pairs(value: str) -> str:
    lowered = value.lower()
    if "cookie" in lowered:
        value = _COOKIE.sub(rf"\1{REDACTED}", value)
    if any(word in lowered for word in _KEY_WORDS):
        value = _KEY_VALUE.sub(_key_value, value)
    if "://" in value and "@" in value:
        value = _URL_PASSWORD.sub(rf"\1{REDACTED}@", value)
        value = _URL_TOKEN.sub(rf"\1{REDACTED}@", value)
    return value


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


def _opened(match: re.Match[str]) -> str:
    before, segment = match.groups()
    # A file or a page has a name of letters; what was drawn at random has digits.
    if not any(map(str.isdigit, segment)) or segment.endswith((".py", ".html", ".js", ".css")):
        return match.group()
    return f"{before}{REDACTED}"
