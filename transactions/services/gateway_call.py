"""Asks the gateway and turns whatever happens into a decision. Never inside a transaction."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from transactions import gateway
from transactions.models import Transaction

logger = logging.getLogger("transactions.gateway")

Status = Transaction.Status


class Decision(NamedTuple):
    """A status for the order; PENDING means that nobody knows yet."""

    status: str
    decline_code: str = ""
    error_code: str = ""
    cause: Exception | None = None


def submit(order: Transaction) -> Decision:
    """Has the order carried out."""
    request = gateway.Order(order.gateway_reference, order.type, order.amount_minor, order.currency)
    return _decide(order, lambda: gateway.current().submit(request))


def ask(order: Transaction) -> Decision:
    """Asks what became of an order submitted earlier, or perhaps never."""
    return _decide(order, lambda: gateway.current().status(order.gateway_reference))


def _decide(order: Transaction, call: Callable[[], gateway.Answer]) -> Decision:
    extra = {"transaction.id": str(order.pk), "gateway.reference": order.gateway_reference}
    try:
        answer = call()
    except gateway.GatewayError as error:
        logger.warning("Gateway refused to work: %s", error.code, extra=extra)
        return Decision(Status.FAILED, error_code=error.code, cause=error)
    except Exception as error:
        # A time-out, but also a client bug or a broken connection: the money may have moved
        # out there. Only the gateway's own word, asked for later, may settle or reverse.
        logger.warning("Gateway gave no answer: %s", type(error).__name__, extra=extra)
        return Decision(Status.PENDING, cause=error)
    logger.debug("Gateway answered", extra={**extra, "gateway.approved": answer.approved})
    if answer.approved:
        return Decision(Status.COMPLETED)
    return Decision(Status.DECLINED, decline_code=answer.decline_code)
