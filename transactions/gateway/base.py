"""What a payment gateway must offer. Implementations are called outside database transactions."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Order:
    """One movement of money to ask the gateway for; `reference` identifies it on both sides."""

    reference: str
    type: str
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class Answer:
    """The gateway's decision; `decline_code` is empty for an approval."""

    approved: bool
    decline_code: str = ""


class GatewayError(Exception):
    """The gateway says that it did not carry out the order. `code` is stable, for machines."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class GatewayTimeoutError(Exception):
    """No answer in time: the order may have been carried out or not. Ask `status` later."""


class Gateway(Protocol):
    """A gateway treats a reference as idempotent: it decides once, and `status` repeats it."""

    def submit(self, order: Order) -> Answer:
        """Carries out the order; raises GatewayError or GatewayTimeoutError."""
        ...

    def status(self, reference: str) -> Answer:
        """What became of a reference; raises what `submit` raises."""
        ...
