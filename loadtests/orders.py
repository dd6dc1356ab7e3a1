"""What users ask for: random orders that are the same for the same seed. Pure functions.

Each takes the caller's own `random.Random`; none looks at a clock or at another user.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from loadtests.demo_users import Account

Order = dict[str, str]

# ISO 4217 minor units where they are not two.
_DIGITS = {"BHD": 3, "JPY": 0, "KRW": 0, "KWD": 3}
# What one US dollar is about worth, so that a coffee is not 4 yen.
_RATES = {"JPY": 150.0, "KRW": 1_400.0}
_PURCHASES = ("Coffee", "Groceries", "Books", "Train ticket", "Lunch", "Phone credit", "Cinema")
_SAVINGS = ("Salary", "Rent", "Cash machine", "Savings plan", "Refund")
_GIFTS = ("Thanks!", "Birthday", "Shared dinner", "Rent share", "Holiday")
# More than any demo account holds.
_TOO_MUCH = 50_000_000


@dataclass(frozen=True)
class BadOrder:
    """A body that the API must refuse, with the statuses that are right for it."""

    name: str
    body: Order
    expected: frozenset[int]


def payment(rng: Random, accounts: Sequence[Account]) -> Order:
    """A purchase: mostly a few units, rarely hundreds."""
    return _order(rng, rng.choice(accounts), "payment", _PURCHASES, median=9, sigma=0.9)


def deposit(rng: Random, accounts: Sequence[Account]) -> Order:
    """Money coming in."""
    return _order(rng, rng.choice(accounts), "deposit", _SAVINGS, median=180, sigma=0.7)


def withdrawal(rng: Random, accounts: Sequence[Account]) -> Order:
    """Money going out; now and then more than there is, which is declined."""
    order = _order(rng, rng.choice(accounts), "withdrawal", _SAVINGS, median=80, sigma=0.6)
    if rng.random() < 0.02:
        order["amount"] = amount(_TOO_MUCH, order["currency"])
    return order


def transfer(rng: Random, accounts: Sequence[Account], others: Sequence[Account]) -> Order | None:
    """Money to another account of the same currency; None when there is none to send it to."""
    account = rng.choice(accounts)
    suitable = [
        other for other in others if other.currency == account.currency and other.id != account.id
    ]
    if not suitable:
        return None
    order = _order(rng, account, "transfer", _GIFTS, median=25, sigma=0.8)
    return {**order, "counterparty": rng.choice(suitable).id}


def bad(rng: Random, accounts: Sequence[Account]) -> BadOrder:
    """A mistake as clients make them."""
    good = payment(rng, accounts)
    digits = _DIGITS.get(good["currency"], 2)
    mistakes: list[tuple[str, Order]] = [
        ("zero", {**good, "amount": "0"}),
        ("negative", {**good, "amount": f"-{good['amount']}"}),
        ("decimals", {**good, "amount": "1." + "1" * (digits + 1)}),
        ("not a number", {**good, "amount": "NaN"}),
        ("currency", {**good, "currency": "XXX"}),
        ("type", {**good, "type": "gift"}),
        ("account", {**good, "account": f"{rng.getrandbits(128):032x}"}),
        ("no amount", {name: text for name, text in good.items() if name != "amount"}),
    ]
    name, body = rng.choice(mistakes)
    return BadOrder(name, body, frozenset({400, 404, 422}))


def amount(value: float, currency: str) -> str:
    """`value` in the major unit with the currency's decimals; at least its smallest unit."""
    digits = _DIGITS.get(currency, 2)
    scale = 10**digits
    minor = max(1, round(value * scale))
    return f"{minor // scale}.{minor % scale:0{digits}d}" if digits else str(minor)


def pause(rng: Random, typical: float, factor: float = 1.0) -> float:
    """Seconds between two steps of a person: mostly near `typical`, at most ten times that."""
    return min(rng.lognormvariate(math.log(typical), 0.5), typical * 10) * factor


def _order(
    rng: Random,
    account: Account,
    kind: str,
    descriptions: Sequence[str],
    *,
    median: float,
    sigma: float,
) -> Order:
    value = min(rng.lognormvariate(math.log(median), sigma), median * 50)
    return {
        "account": account.id,
        "type": kind,
        "amount": amount(value * _RATES.get(account.currency, 1.0), account.currency),
        "currency": account.currency,
        "description": rng.choice(descriptions),
    }
