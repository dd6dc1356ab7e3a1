"""What requests must look like, and what answers look like (for the OpenAPI schema)."""

from typing import Any

from rest_framework import serializers

from transactions import currencies, money, representation
from transactions.api.fields import CodeField, IdField, StrictCharField, no_control_characters
from transactions.models import Account, LedgerEntry, Transaction
from transactions.services.orders import NewOrder

_AMOUNT_HELP = 'Decimal string in the major unit, e.g. "12.34" for USD or "1200" for JPY.'


class AccountRequestSerializer(serializers.Serializer[str]):
    """A new account."""

    currency = CodeField(choices=currencies.CHOICES)


class AccountSerializer(serializers.Serializer[Account]):
    """An account and its balance."""

    id = serializers.UUIDField()
    currency = serializers.ChoiceField(choices=currencies.CHOICES)
    balance = serializers.CharField(help_text=_AMOUNT_HELP)
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: Account) -> dict[str, object]:
        return representation.of_account(instance)


class TransactionRequestSerializer(serializers.Serializer[NewOrder]):
    """A new transaction. Unknown fields are ignored."""

    account = IdField(help_text="One of your accounts.")
    type = CodeField(choices=Transaction.Type.choices)
    amount = StrictCharField(max_length=40, help_text=_AMOUNT_HELP)
    currency = CodeField(choices=currencies.CHOICES, help_text="The account's currency.")
    description = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=200,
        validators=[no_control_characters],
        help_text="What it is for. A text that holds a card number is refused with 422.",
    )
    counterparty = IdField(
        required=False, allow_null=True, help_text="For transfers: the account that receives."
    )

    def to_internal_value(self, data: Any) -> Any:
        # An empty counterparty is what a form without one sends.
        if data.get("counterparty") == "":
            data = {**data, "counterparty": None}
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Adds `amount_minor`; raises ValidationError naming `amount` or `counterparty`."""
        try:
            attrs["amount_minor"] = money.parse(attrs["amount"], attrs["currency"])
        except money.InvalidAmountError as error:
            raise _error("amount", error.detail, error.code) from error
        is_transfer = attrs["type"] == Transaction.Type.TRANSFER
        counterparty = attrs.get("counterparty")
        if is_transfer and counterparty is None:
            raise _error("counterparty", "A transfer needs the account that receives.", "required")
        if not is_transfer and counterparty is not None:
            raise _error("counterparty", "Only transfers have a counterparty.", "not_allowed")
        return attrs

    def order(self) -> NewOrder:
        """The valid request as the services take it."""
        data = self.validated_data
        return NewOrder(
            type=data["type"],
            account_id=data["account"],
            amount_minor=data["amount_minor"],
            currency=data["currency"],
            description=data.get("description", ""),
            counterparty_id=data.get("counterparty"),
        )


class TransactionSerializer(serializers.Serializer[Transaction]):
    """A transaction. A decline is an answer, not an error: see `status`."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=Transaction.Type.choices)
    status = serializers.ChoiceField(choices=Transaction.Status.choices)
    account = serializers.UUIDField()
    counterparty = serializers.UUIDField(allow_null=True)
    amount = serializers.CharField(help_text=_AMOUNT_HELP)
    currency = serializers.ChoiceField(choices=currencies.CHOICES)
    description = serializers.CharField()
    decline_code = serializers.CharField(allow_null=True)
    error_code = serializers.CharField(allow_null=True)
    gateway_reference = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Transaction) -> dict[str, object]:
        return representation.of_transaction(instance)


class StatementEntrySerializer(serializers.Serializer[LedgerEntry]):
    """A line of an account's statement."""

    id = serializers.IntegerField()
    transaction = serializers.UUIDField()
    type = serializers.ChoiceField(choices=Transaction.Type.choices)
    description = serializers.CharField()
    amount = serializers.CharField(help_text="Signed decimal string: negative for a debit.")
    currency = serializers.ChoiceField(choices=currencies.CHOICES)
    balance_after = serializers.CharField()
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: LedgerEntry) -> dict[str, object]:
        return representation.of_entry(instance, self.context["currency"])


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with a request."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    # Named as in RFC 9457, which hides a property of the base class that is of no use here.
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]
    trace_id = serializers.CharField(required=False)


def _error(field: str, detail: str, code: str) -> serializers.ValidationError:
    return serializers.ValidationError({field: detail}, code=code)
