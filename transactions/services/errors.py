"""What a service refuses. The API answers 4xx for these, and nothing has been written."""

from uuid import UUID


class RefusedError(Exception):
    """The request cannot be carried out; `field` names the part of it that is wrong."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.code = code
        self.detail = detail


class CardNumberError(RefusedError):
    """A text that would be stored holds a card number, which this error does not repeat."""

    def __init__(self, field: str) -> None:
        detail = "A card number was found here. Leave it out: it is never to be stored."
        super().__init__(field, "card_number", detail)


class KeyInFlightError(Exception):
    """The idempotency key belongs to a request that is still being carried out."""


class KeyReusedError(Exception):
    """The idempotency key was used with other content."""


class OutcomeNotRecordedError(Exception):
    """The order was accepted, but recording its outcome failed; it stays pending for now."""

    def __init__(self, transaction_id: UUID) -> None:
        super().__init__(f"The outcome of transaction {transaction_id} could not be recorded.")
        self.transaction_id = transaction_id
