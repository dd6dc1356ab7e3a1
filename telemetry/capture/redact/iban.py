"""International bank account numbers in text: by country, length and check digits (mod 97)."""

import functools
import re

from stdnum import numdb
from stdnum.iso7064 import mod_97_10

# Two check digits and what follows them; cheap, as texts have few digits.
_SEPARATOR = r"(?:[ \-._+]|%20)?"
_FOUR = f"{_SEPARATOR}[0-9A-Za-z]{{4}}"
maybe = re.compile(f"[0-9]{{2}}{_FOUR}{_FOUR}{_SEPARATOR}[0-9A-Za-z]{{3}}").search
_START = re.compile(rf"(?:(?<=%20)|(?<![0-9A-Za-z]))([A-Za-z]{{2}})[0-9]{{2}}(?={_FOUR})")
_ITEM = re.compile(f"{_SEPARATOR}[0-9A-Za-z]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z])")
# Of a country's structure: `4!a14!n` is four letters and fourteen digits.
_PARTS = re.compile(r"([0-9]+)!([nac])")
_SIGNS = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}


def mask(value: str, plain: str) -> str:
    """`value` with each IBAN as `[iban GB****5432]`. `plain`: with ASCII separators, as long."""
    parts: list[str] = []
    at = 0
    for match in _START.finditer(plain):
        if match.start() < at:
            continue
        end = _end(plain, match)
        if end is not None:
            country = match.group(1).upper()
            parts += [value[at : match.start()], f"[iban {country}****{_last_four(plain, end)}]"]
            at = end
    return "".join([*parts, value[at:]]) if parts else value


def _end(text: str, match: re.Match[str]) -> int | None:
    """Where the IBAN that begins at `match` ends; None when it is none."""
    form = _form(match.group(1).upper())
    if form is None or _UUID.match(text, match.start()):
        return None
    length, structure = form
    at = match.end()
    compact = match.group()
    while len(compact) < length:
        item = _ITEM.match(text, at)
        if item is None:
            return None
        compact += item.group()[-1]
        at = item.end()
    if at < len(text) and text[at].isalnum():
        return None
    compact = compact.upper()
    if structure.match(compact, 4) is None:
        return None
    return at if mod_97_10.is_valid(compact[4:] + compact[:4]) else None


@functools.lru_cache(maxsize=256)
def _form(country: str) -> tuple[int, re.Pattern[str]] | None:
    """How long the IBANs of a country are, and the form of what follows the check digits."""
    ((_, known), *_) = numdb.get("iban").info(country)
    parts = _PARTS.findall(known.get("bban", ""))
    if not parts:
        return None
    pattern = "".join(f"{_SIGNS[kind]}{{{count}}}" for count, kind in parts)
    return 4 + sum(int(count) for count, _ in parts), re.compile(pattern)


def _last_four(text: str, end: int) -> str:
    return "".join(filter(str.isalnum, text[max(0, end - 12) : end].replace("%20", "")))[-4:]
