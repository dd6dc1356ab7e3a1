"""What users ask for is repeatable by its seed and fits its currency."""

from random import Random
from typing import Any

import pytest

from loadtests import orders
from loadtests.demo_users import Account

ACCOUNTS = [Account("a-usd", "USD"), Account("a-jpy", "JPY"), Account("a-kwd", "KWD")]
OTHERS = [*ACCOUNTS, Account("b-usd", "USD"), Account("b-jpy", "JPY")]


def course(seed: str) -> list[Any]:
    rng = Random(seed)
    return [
        (
            orders.payment(rng, ACCOUNTS),
            orders.deposit(rng, ACCOUNTS),
            orders.withdrawal(rng, ACCOUNTS),
            orders.transfer(rng, ACCOUNTS, OTHERS),
            orders.bad(rng, ACCOUNTS),
            orders.pause(rng, 1.0),
        )
        for _ in range(50)
    ]


def test_the_same_seed_asks_for_the_same() -> None:
    assert course("7/Shopper/0") == course("7/Shopper/0")


def test_another_seed_asks_for_something_else() -> None:
    assert course("7/Shopper/0") != course("8/Shopper/0")


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_amounts_have_the_decimals_of_their_currency(currency: str, decimals: int) -> None:
    rng = Random(1)
    for _ in range(200):
        text = orders.payment(rng, [Account("a", currency)])["amount"]
        assert len(text.partition(".")[2]) == decimals
        assert float(text) > 0


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [(0.0001, "USD", "0.01"), (0.2, "JPY", "1"), (12.345, "KWD", "12.345"), (7, "EUR", "7.00")],
)
def test_an_amount_is_at_least_the_smallest_unit(value: float, currency: str, text: str) -> None:
    assert orders.amount(value, currency) == text


def test_a_transfer_goes_to_another_account_of_the_same_currency() -> None:
    rng = Random(3)
    currencies = {account.id: account.currency for account in OTHERS}
    sent = [orders.transfer(rng, ACCOUNTS, OTHERS) for _ in range(100)]
    found = [order for order in sent if order is not None]
    assert found
    for order in found:
        assert order["counterparty"] != order["account"]
        assert currencies[order["counterparty"]] == order["currency"]
    assert orders.transfer(rng, [ACCOUNTS[2]], OTHERS) is None


def test_mistakes_are_of_many_kinds() -> None:
    rng = Random(5)
    assert len({orders.bad(rng, ACCOUNTS).name for _ in range(200)}) == 8


def test_no_pause_is_endless_and_a_factor_of_zero_takes_it_away() -> None:
    rng = Random(9)
    assert all(0 < orders.pause(rng, 1.5) <= 15 for _ in range(1_000))
    assert orders.pause(rng, 1.5, 0) == 0
