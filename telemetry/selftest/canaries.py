"""What is pushed through: made-up secrets, each one unique, so that where it is found tells whose.

All come from a seed: the process that pushes and the one that searches make the same.
"""

import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

from stdnum import luhn
from stdnum.iso7064 import mod_97_10

_ALPHABET = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + string.digits
# issuer → prefix and length
ISSUERS = {
    "Visa": ("4", 16), "Visa of 13": ("4", 13), "Mastercard": ("53", 16),
    "Mastercard 2": ("2223", 16),
    "Amex": ("37", 15), "Discover": ("6011", 16), "Diners": ("36", 14), "JCB": ("3566", 16),
    "UnionPay": ("62", 19), "Maestro": ("6304", 18), "Mir": ("2200", 16),
}  # fmt: skip
SEPARATORS = {
    "space": " ", "dash": "-", "NBSP": "\u00a0", "dot": ".", "en dash": "\u2013", "underscore": "_",
    "%20": "%20",
}  # fmt: skip
FULL_WIDTH = str.maketrans({str(digit): chr(0xFF10 + digit) for digit in range(10)})
CARD, CODE, ACCOUNT, PASSWORD, TOKEN, KEY = "card", "code", "IBAN", "password", "token", "key"
GROUPS = (CARD, CODE, ACCOUNT, PASSWORD, TOKEN, KEY)


@dataclass(frozen=True, slots=True)
class Canary:
    """`text` is how it stands in prose; under `key` (when not empty) `secret` stands alone."""

    path: str
    kind: str
    group: str
    text: str
    secret: str
    key: str = ""


Maker = Callable[[random.Random], tuple[str, str, str]]


def make(seed: str, path: str) -> list[Canary]:
    """One of each kind for a path, the same ones for the same seed."""
    return [
        Canary(path, kind, group, *maker(random.Random(f"{seed} {path} {kind}")))  # noqa: S311
        for kind, (group, maker) in KINDS.items()
    ]


def _chars(chance: random.Random, length: int = 24, alphabet: str = _ALPHABET) -> str:
    return "".join(chance.choices(alphabet, k=length))


def _number(chance: random.Random, issuer: str) -> str:
    prefix, length = ISSUERS[issuer]
    body = prefix + _chars(chance, length - len(prefix) - 1, string.digits)
    return body + str(luhn.calc_check_digit(body))


def _fours(text: str, separator: str) -> str:
    return separator.join(text[at : at + 4] for at in range(0, len(text), 4))


def _of_issuer(issuer: str) -> Maker:
    def maker(chance: random.Random) -> tuple[str, str, str]:
        number = _number(chance, issuer)
        return f"paid with {number} today", number, "card_number"

    return maker


def _separated(separator: str) -> Maker:
    def maker(chance: random.Random) -> tuple[str, str, str]:
        number = _number(chance, "Visa")
        return f"paid with {_fours(number, separator)} today", number, ""

    return maker


def _full_width(chance: random.Random) -> tuple[str, str, str]:
    number = _number(chance, "Mastercard")
    return f"paid with {number.translate(FULL_WIDTH)} today", number, ""


def _track1(chance: random.Random) -> tuple[str, str, str]:
    number, name = _number(chance, "Visa"), _chars(chance, 12, string.ascii_uppercase)
    return f"swiped %B{number}^DOE/{name}^25121010000000000000? once", name, "track1"


def _track2(chance: random.Random) -> tuple[str, str, str]:
    number, data = _number(chance, "Mastercard"), _chars(chance, 18, string.digits)
    return f"swiped ;{number}=2512{data}? once", data, "track2"


def _code(key: str) -> Maker:
    # Longer than a real one, which would be found by chance; it is known by its key alone.
    def maker(chance: random.Random) -> tuple[str, str, str]:
        code = _chars(chance, 14, string.digits)
        return f"checked {key}={code} twice", code, key

    return maker


def _iban(separator: str) -> Maker:
    def maker(chance: random.Random) -> tuple[str, str, str]:
        bank = _chars(chance, 4, string.ascii_uppercase) + _chars(chance, 14, string.digits)
        number = f"GB{mod_97_10.calc_check_digits(bank + 'GB')}{bank}"
        return f"to {_fours(number, separator)} now", number, "" if separator else "iban"

    return maker


def _written(form: str, key: str = "", prefix: str = "", alphabet: str = _ALPHABET) -> Maker:
    """A secret of 24 characters (after a token's `prefix`) in a text's `form`."""

    def maker(chance: random.Random) -> tuple[str, str, str]:
        core = _chars(chance, 24, alphabet)
        return form.format(prefix + core), core, key

    return maker


def _json(chance: random.Random) -> tuple[str, str, str]:
    core = _chars(chance)
    return json.dumps({"body": json.dumps({"user": "ann", "password": core})}), core, ""


def _jwt(chance: random.Random) -> tuple[str, str, str]:
    core = _chars(chance)
    return f"got eyJhbGciOiJIUzI1NiJ9.eyJ{core}.{_chars(chance, 43)} back", core, "id_token"


def _pem(chance: random.Random) -> tuple[str, str, str]:
    core = _chars(chance, 64)
    return f"-----BEGIN PRIVATE KEY-----\n{core}\n-----END PRIVATE KEY-----", core, "private_key"


def _aws(chance: random.Random) -> tuple[str, str, str]:
    core = _chars(chance, 16, _UPPER)
    return f"with AKIA{core} sent", core, "access_key"


KINDS: dict[str, tuple[str, Maker]] = {
    **{issuer: (CARD, _of_issuer(issuer)) for issuer in ISSUERS},
    **{f"card, {name}": (CARD, _separated(sign)) for name, sign in SEPARATORS.items()},
    "card, full width": (CARD, _full_width),
    "CVV": (CODE, _code("cvv")),
    "PIN": (CODE, _code("pin")),
    "track 1": (CODE, _track1),
    "track 2": (CODE, _track2),
    "IBAN": (ACCOUNT, _iban("")),
    "IBAN, grouped": (ACCOUNT, _iban(" ")),
    "password": (PASSWORD, _written("login password={} failed", "password")),
    "password in JSON": (PASSWORD, _json),
    "URL credentials": (PASSWORD, _written("postgres://ann:{}@db/money", "dsn_password")),
    "bearer": (TOKEN, _written("sent Bearer {} there", "Authorization")),
    "basic": (TOKEN, _written("sent Authorization: Basic {}== there", "Proxy-Authorization")),
    "session": (TOKEN, _written("Cookie: sessionid={}; theme=dark", "sessionid")),
    "JWT": (TOKEN, _jwt),
    "reset link": (TOKEN, _written("/accounts/reset/MQ/1{}/", "reset_token")),
    "AWS key": (KEY, _aws),
    "Stripe key": (KEY, _written("with {} sent", "api_key", "sk_live_")),
    "GitHub token": (KEY, _written("with {} sent", "access_token", "ghp_")),
    "Slack token": (KEY, _written("with {} sent", "bot_token", "xoxb-")),
    "Google key": (KEY, _written("with {} sent", "x-api-key", "AIzaSyA1b2c3d4")),
    "PEM": (KEY, _pem),
}
