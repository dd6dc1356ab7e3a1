"""Carrying out an order: hold the money, ask the gateway, settle or give it back.

    transaction 1: reserve the key, debit the account, store the order as pending
    no transaction: the gateway call, however slow
    transaction 2: settle or reverse, complete the key

A crash between the two leaves a pending order, which `transactions.reconcile` resolves.
Transfers and orders without funds need no gateway and are final after transaction 1.
"""

import logging
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import UUID

from django.db import transaction as database

import telemetry
from transactions import metrics, representation
from transactions.models import Account, LedgerEntry, Transaction
from transactions.services import accounts, gateway_call, idempotency, ledger, outcomes, settlement
from transactions.services.errors import CardNumberError, OutcomeNotRecordedError, RefusedError
from transactions.uuid7 import timestamp, uuid7

logger = logging.getLogger("transactions.services")

INSUFFICIENT_FUNDS = "insufficient_funds"
Status = Transaction.Status
Type = Transaction.Type


@dataclass(frozen=True)
class NewOrder:
    """A valid request for a transaction; `amount_minor` is positive."""

    type: str
    account_id: UUID
    amount_minor: int
    currency: str
    description: str = ""
    counterparty_id: UUID | None = None

    def fingerprint(self) -> str:
        """The same for two requests that mean the same."""
        return idempotency.fingerprint(
            {
                "type": self.type,
                "account": self.account_id,
                "amount_minor": self.amount_minor,
                "currency": self.currency,
                "description": self.description,
                "counterparty": self.counterparty_id,
            }
        )


@dataclass(frozen=True)
class Result:
    """The body to answer with, and whether it was answered before."""

    body: dict[str, object]
    replayed: bool = False


def place(owner_id: int, new: NewOrder, key_value: str | None = None) -> Result:
    """Carries out the order once per key; raises what `services.errors` lists."""
    started = perf_counter()
    telemetry.bind(**{"transaction.type": new.type})
    _refuse_card_numbers({"description": new.description, "Idempotency-Key": key_value or ""})
    key = _key(owner_id, new, key_value)
    account, counterparty = accounts.for_order(owner_id, new.account_id, new.counterparty_id)
    _check_parties(new, account, counterparty)
    order = _draft(owner_id, new)
    try:
        _open(order, key)
    except idempotency.KeyTakenError:
        assert key is not None
        return _replay(key)
    outcomes.log_received(order)
    try:
        cause = _finish(order) if order.status == Status.PENDING else None
    except Exception as error:
        raise OutcomeNotRecordedError(order.pk) from error
    metrics.DURATION.observe(perf_counter() - started, type=order.type)
    outcomes.tell(order, cause)
    return Result(representation.of_transaction(order))


def _refuse_card_numbers(texts: dict[str, str]) -> None:
    # All that a client writes freely and that is stored. Before a hash is made of any of it.
    for field, text in texts.items():
        if telemetry.holds_card_number(text):
            raise CardNumberError(field)


def _key(owner_id: int, new: NewOrder, value: str | None) -> idempotency.Key | None:
    if value is None:
        return None
    telemetry.bind(**{"idempotency.key_hash": idempotency.key_hash(value)})
    return idempotency.Key(owner_id, value, new.fingerprint())


def _check_parties(new: NewOrder, account: Account, counterparty: Account | None) -> None:
    if account.currency != new.currency:
        raise RefusedError("currency", "mismatch", f"The account holds {account.currency}.")
    if counterparty is None:
        return
    if counterparty.pk == account.pk:
        raise RefusedError(
            "counterparty", "same_account", "A transfer needs two different accounts."
        )
    if counterparty.currency != new.currency:
        detail = f"The receiving account does not hold {new.currency}."
        raise RefusedError("counterparty", "currency_mismatch", detail)


def _draft(owner_id: int, new: NewOrder) -> Transaction:
    identifier = uuid7()
    created = timestamp(identifier)
    return Transaction(
        id=identifier,
        owner_id=owner_id,
        account_id=new.account_id,
        counterparty_id=new.counterparty_id,
        type=new.type,
        status=Status.PENDING,
        amount_minor=new.amount_minor,
        currency=new.currency,
        description=new.description,
        gateway_reference="" if new.type == Type.TRANSFER else identifier.hex,
        created_at=created,
        updated_at=created,
    )


def _open(order: Transaction, key: idempotency.Key | None) -> None:
    with database.atomic():
        if key is not None:
            idempotency.reserve(key, order.pk)
        entries = _debit(order) if order.is_outgoing else []
        order.save(force_insert=True)
        ledger.record(entries)
        if key is not None and order.status != Status.PENDING:
            idempotency.complete(order)


def _debit(order: Transaction) -> list[LedgerEntry]:
    """Holds or transfers the money; the order is final when that was all, or impossible."""
    try:
        entries = ledger.move(order.pk, settlement.debit_legs(order))
    except ledger.InsufficientFundsError:
        settlement.close(order, Status.DECLINED, decline_code=INSUFFICIENT_FUNDS)
        return []
    if order.type == Type.TRANSFER:
        settlement.close(order, Status.COMPLETED)
    return entries


def _finish(order: Transaction) -> Exception | None:
    decision = gateway_call.submit(order)
    if decision.status == Status.PENDING:
        settlement.answer_while_pending(order)
    else:
        settlement.resolve(
            order,
            decision.status,
            decline_code=decision.decline_code,
            error_code=decision.error_code,
        )
    return decision.cause


def _replay(key: idempotency.Key) -> Result:
    body: dict[str, Any] = idempotency.replay(key)
    telemetry.bind(**{"transaction.id": body["id"]})
    outcomes.bind(body["status"], body["decline_code"])
    logger.info("Transaction answered again for its idempotency key")
    return Result(body, replayed=True)
