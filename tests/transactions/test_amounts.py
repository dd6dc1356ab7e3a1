"""Amounts survive the way in and out exactly, and nothing else gets in."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactions.currencies import EXPONENTS
from transactions.money import MAX_MINOR, InvalidAmountError, format_minor, parse

currencies = st.sampled_from(sorted(EXPONENTS))


@given(minor=st.integers(1, MAX_MINOR), currency=currencies)
def test_every_amount_is_read_back_as_it_was_written(minor: int, currency: str) -> None:
    assert parse(format_minor(minor, currency), currency) == minor


@given(minor=st.integers(-MAX_MINOR, MAX_MINOR), currency=currencies)
def test_the_written_form_is_the_exact_decimal(minor: int, currency: str) -> None:
    written = format_minor(minor, currency)
    assert Decimal(written) == Decimal(minor).scaleb(-EXPONENTS[currency])
    assert len(written.partition(".")[2]) == EXPONENTS[currency]


@given(text=st.text(max_size=20), currency=currencies)
def test_any_text_is_an_exact_positive_amount_or_refused(text: str, currency: str) -> None:
    try:
        minor = parse(text, currency)
    except InvalidAmountError:
        return
    assert Decimal(text) == Decimal(minor).scaleb(-EXPONENTS[currency])
    assert 0 < minor <= MAX_MINOR


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.34", "USD", 1234), ("12.3", "USD", 1230), ("12", "USD", 1200), ("0.01", "EUR", 1),
     ("1200", "JPY", 1200), ("1.005", "KWD", 1005), ("10000000000.00", "GBP", MAX_MINOR)],
)  # fmt: skip
def test_a_plain_decimal_is_read_in_the_currencys_minor_unit(
    text: str, currency: str, minor: int
) -> None:
    assert parse(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [("12.345", "USD", "max_decimal_places"), ("12.340", "USD", "max_decimal_places"),
     ("1.0", "JPY", "max_decimal_places"), ("0", "USD", "min_value"),
     ("0.00", "USD", "min_value"), ("10000000000.01", "USD", "max_value"),
     ("9" * 17, "USD", "invalid"), ("-1", "USD", "invalid"), ("+1", "USD", "invalid"),
     ("1e3", "USD", "invalid"), ("1e999", "USD", "invalid"), ("NaN", "USD", "invalid"),
     ("Infinity", "USD", "invalid"), ("1,000.00", "USD", "invalid"), ("1_000", "USD", "invalid"),
     (" 1", "USD", "invalid"), ("1.", "USD", "invalid"), (".5", "USD", "invalid"),
     ("01", "USD", "invalid"), ("0x10", "USD", "invalid"), ("", "USD", "invalid"),
     ("\u0661\u0662", "USD", "invalid"), ("1\n", "USD", "invalid")],
)  # fmt: skip
def test_anything_else_is_refused_with_its_reason(text: str, currency: str, code: str) -> None:
    with pytest.raises(InvalidAmountError) as caught:
        parse(text, currency)
    assert caught.value.code == code
