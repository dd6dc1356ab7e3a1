"""Amounts: decimal strings in the major unit outside, whole minor units inside, never a float."""

import re

from transactions.currencies import EXPONENTS

# Leaves a balance room for nine million of the largest transactions below SQLite's 2**63.
MAX_MINOR = 10**12

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,16}))?", re.ASCII)


class InvalidAmountError(ValueError):
    """An amount that names no positive sum in the currency; `code` says why, for machines."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def parse(text: str, currency: str) -> int:
    """Minor units of a plain decimal such as "12.34"; raises InvalidAmountError.

    Signs, exponents, spaces, separators, NaN and Infinity are refused, as are zero, decimals
    that the currency does not have, and more than MAX_MINOR.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise InvalidAmountError("invalid", 'Not a positive decimal number such as "12.34".')
    exponent = EXPONENTS[currency]
    whole, decimals = match[1], match[2] or ""
    if len(decimals) > exponent:
        raise InvalidAmountError("max_decimal_places", _too_precise(currency, exponent))
    minor = int(whole + decimals.ljust(exponent, "0"))
    if minor == 0:
        raise InvalidAmountError("min_value", "The amount must be greater than zero.")
    if minor > MAX_MINOR:
        limit = format_minor(MAX_MINOR, currency)
        raise InvalidAmountError("max_value", f"The amount must be at most {limit} {currency}.")
    return minor


def format_minor(minor: int, currency: str) -> str:
    """The decimal string of a signed number of minor units, with all decimals of the currency."""
    exponent = EXPONENTS[currency]
    if exponent == 0:
        return str(minor)
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    return f"{'-' if minor < 0 else ''}{digits[:-exponent]}.{digits[-exponent:]}"


def _too_precise(currency: str, exponent: int) -> str:
    allowed = "no decimals" if exponent == 0 else f"at most {exponent} decimals"
    return f"{currency} amounts have {allowed}."
