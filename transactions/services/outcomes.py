"""What became of an order, told to telemetry and the log in one place."""

import logging
from typing import Any

import telemetry
from transactions import metrics
from transactions.models import Transaction

logger = logging.getLogger("transactions.services")

SUCCESS = "success"
DECLINED = "declined"
REJECTED = "rejected"
THROTTLED = "throttled"
ERROR = "error"
UNKNOWN = "unknown"

TIMEOUT_CODE = "gateway_timeout"

_BY_STATUS = {
    "completed": SUCCESS,
    "declined": DECLINED,
    "failed": ERROR,
    "pending": UNKNOWN,
}


def of_status(status: str) -> str:
    """The outcome that a transaction's status stands for."""
    return _BY_STATUS[status]


def log_received(order: Transaction) -> None:
    """The order exists and, when it takes money, the money is held."""
    telemetry.bind(**{"transaction.id": str(order.pk), "transaction.type": order.type})
    logger.info("Transaction received", extra=_attributes(order))


def tell(order: Transaction, cause: Exception | None = None) -> None:
    """Binds, counts and logs the outcome of the order that this request placed."""
    bind(order.status, order.decline_code)
    count_and_log(order, cause)


def bind(status: str, decline_code: str | None) -> None:
    """Adds the outcome to everything that telemetry captures later in this request."""
    telemetry.bind(**{"payment.outcome": of_status(status)})
    if decline_code:
        telemetry.bind(**{"decline.code": decline_code})


def count_and_log(order: Transaction, cause: Exception | None = None) -> None:
    """Counts and logs the outcome; `cause` is what the gateway raised, if it did."""
    outcome = of_status(order.status)
    extra = _attributes(order)
    metrics.TRANSACTIONS.inc(type=order.type, outcome=outcome)
    if outcome == SUCCESS:
        logger.info("Transaction settled", extra=extra)
    elif outcome == DECLINED:
        metrics.DECLINES.inc(type=order.type, code=metrics.decline_codes.label(order.decline_code))
        logger.warning("Transaction declined: %s", order.decline_code, extra=extra)
    else:
        code = order.error_code or TIMEOUT_CODE
        metrics.ERRORS.inc(type=order.type, code=metrics.error_codes.label(code))
        text = "Transaction failed: %s" if outcome == ERROR else "Transaction left pending: %s"
        logger.error(text, code, extra=extra, exc_info=cause)


def _attributes(order: Transaction) -> dict[str, Any]:
    attributes = {
        "transaction.id": str(order.pk),
        "transaction.type": order.type,
        "transaction.status": order.status,
        "transaction.amount_minor": order.amount_minor,
        "transaction.currency": order.currency,
        "account.id": str(order.account_id),
    }
    if order.decline_code:
        attributes["decline.code"] = order.decline_code
    if order.error_code:
        attributes["transaction.error_code"] = order.error_code
    return attributes
