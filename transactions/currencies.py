"""Currencies that accounts may hold, with their minor-unit exponents (ISO 4217, table A.1)."""

EXPONENTS: dict[str, int] = {
    "AUD": 2,
    "BHD": 3,
    "CAD": 2,
    "CHF": 2,
    "EUR": 2,
    "GBP": 2,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "NOK": 2,
    "PLN": 2,
    "SEK": 2,
    "SGD": 2,
    "USD": 2,
}
CODES: tuple[str, ...] = tuple(EXPONENTS)
CHOICES: list[tuple[str, str]] = [(code, code) for code in CODES]
