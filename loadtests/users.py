"""Kinds of users, in the proportions in which they come."""

from types import MappingProxyType
from urllib.parse import urlsplit

from loadtests import orders
from loadtests.client import Answer, ApiUser

TRANSACTION = "/api/transactions/<uuid:pk>/"
ACCOUNT = "/api/accounts/<uuid:pk>/"
STATEMENT = "/api/accounts/<uuid:pk>/statement/"
_MOST_PAGES = 4


class Shopper(ApiUser):
    """Pays small amounts and looks at what became of them; sometimes makes a mistake."""

    weight = 10
    typical_pause = 1.0
    habits = MappingProxyType({"buy": 20, "look_at_recent": 6, "tap_twice": 1, "make_a_mistake": 1})

    def buy(self) -> None:
        """A payment, then mostly a look at it, while pending more than one."""
        answer = self.place(orders.payment(self.rng, self.accounts))
        if answer.ok and self.rng.random() < 0.7:
            self.think(0.5)
            self._look_at(answer)

    def look_at_recent(self) -> None:
        """The last purchases."""
        self.get("/api/transactions/?limit=10")

    def tap_twice(self) -> None:
        """The same order with the same key again: must be answered, not carried out, again."""
        order, key = orders.payment(self.rng, self.accounts), self.new_key()
        if self.place(order, key=key).ok:
            self.place(order, key=key)

    def make_a_mistake(self) -> None:
        """A request that has to be refused."""
        mistake = orders.bad(self.rng, self.accounts)
        self.place(mistake.body, expected=mistake.expected)

    def _look_at(self, answer: Answer) -> None:
        for _ in range(2):
            found = self.get(f"/api/transactions/{answer.body['id']}/", TRANSACTION)
            if not found.ok or found.body["status"] != "pending":
                return
            self.think(0.5)


class Saver(ApiUser):
    """Deposits and withdraws, and checks the balance."""

    weight = 4
    typical_pause = 2.0
    habits = MappingProxyType({"deposit": 3, "withdraw": 3, "look_at_accounts": 2})

    def deposit(self) -> None:
        """Money in, then the balance."""
        self._then_balance(orders.deposit(self.rng, self.accounts))

    def withdraw(self) -> None:
        """Money out, then the balance."""
        self._then_balance(orders.withdrawal(self.rng, self.accounts))

    def look_at_accounts(self) -> None:
        """All accounts."""
        self.get("/api/accounts/")

    def _then_balance(self, order: orders.Order) -> None:
        if self.place(order).ok:
            self.get(f"/api/accounts/{order['account']}/", ACCOUNT)


class Transferrer(ApiUser):
    """Sends money to others."""

    weight = 4
    typical_pause = 1.5
    habits = MappingProxyType({"send_money": 5, "look_at_transfers": 2})

    def send_money(self) -> None:
        """A transfer to somebody's account of the same currency."""
        order = orders.transfer(self.rng, self.accounts, self.load_run.accounts)
        if order is not None:
            self.place(order)

    def look_at_transfers(self) -> None:
        """What was sent lately."""
        self.get("/api/transactions/?type=transfer&limit=20")


class Auditor(ApiUser):
    """Reads much and writes nothing: pages through statements and lists."""

    weight = 2
    typical_pause = 2.0
    habits = MappingProxyType(
        {"read_statement": 3, "look_for_declined": 2, "ask_for_what_is_not_there": 1}
    )

    def read_statement(self) -> None:
        """An account's statement, page by page."""
        account = self.rng.choice(self.accounts)
        self._page_through(f"/api/accounts/{account.id}/statement/?limit=50", STATEMENT)

    def look_for_declined(self) -> None:
        """Declined orders, page by page."""
        self._page_through("/api/transactions/?status=declined&limit=50", "/api/transactions/")

    def ask_for_what_is_not_there(self) -> None:
        """An id that belongs to nobody."""
        digits = f"{self.rng.getrandbits(128):032x}"
        unknown = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        self.get(f"/api/transactions/{unknown}/", TRANSACTION, expect=(404,))

    def _page_through(self, path: str, name: str) -> None:
        for _ in range(_MOST_PAGES):
            answer = self.get(path, name)
            following = answer.body.get("next") if answer.ok else None
            if not following:
                return
            parts = urlsplit(following)
            path = f"{parts.path}?{parts.query}"
            self.think(0.5)
