"""/api/transactions/: place, list, retrieve."""

import re
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ErrorDetail, NotFound, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

import telemetry
from transactions import metrics
from transactions.api import filters
from transactions.api.base import ApiView
from transactions.api.pagination import IdPagination
from transactions.api.schema import IDEMPOTENCY_KEY, problems
from transactions.api.serializers import TransactionRequestSerializer, TransactionSerializer
from transactions.models import Transaction
from transactions.services import orders, outcomes
from transactions.services.errors import OutcomeNotRecordedError

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class TransactionListView(ApiView):
    """The user's transactions."""

    serializer_class = TransactionSerializer
    pagination_class = IdPagination
    # What the request asks for, once that is known; a bounded label for the metrics.
    _type = "unknown"

    @extend_schema(
        operation_id="transactions_list",
        parameters=filters.PARAMETERS,
        responses={200: TransactionSerializer(many=True), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """List the transactions that you placed, newest first."""
        own = Transaction.objects.filter(owner_id=self.owner_id)
        return self.page_of(filters.apply(own, request.query_params))

    @extend_schema(
        request=TransactionRequestSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: TransactionSerializer, **problems(400, 409, 413, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """Place a transaction. A decline is 201 with `status: declined`.

        `status: pending` means that the gateway has not answered: retrieve it again later.
        """
        self._note_type(request.data)
        key = _idempotency_key(request)
        serializer = TransactionRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        result = orders.place(self.owner_id, serializer.order(), key)
        response = Response(result.body, status=201)
        response["Location"] = f"{request.path}{result.body['id']}/"
        if result.replayed:
            response["Idempotent-Replayed"] = "true"
        return response

    def handle_exception(self, exc: Exception) -> Response:
        """Also tells telemetry what became of an order that was not placed."""
        response = super().handle_exception(exc)
        if self.request.method == "POST":
            outcome = _outcome(exc, response.status_code)
            telemetry.bind(**{"payment.outcome": outcome})
            metrics.TRANSACTIONS.inc(type=self._type, outcome=outcome)
        return response

    def _note_type(self, data: Any) -> None:
        if isinstance(kind := data.get("type"), str) and kind in Transaction.Type.values:
            self._type = kind
            telemetry.bind(**{"transaction.type": kind})


class TransactionView(ApiView):
    """One transaction of the user."""

    serializer_class = TransactionSerializer

    @extend_schema(responses={200: TransactionSerializer, **problems(404)})
    def get(self, request: Request, pk: UUID) -> Response:
        """Retrieve a transaction that you placed."""
        found = Transaction.objects.filter(pk=pk, owner_id=self.owner_id).first()
        if found is None:
            raise NotFound("You have no transaction with this id.")
        telemetry.bind(**{"transaction.id": str(found.pk)})
        return Response(TransactionSerializer(found).data)


def _idempotency_key(request: Request) -> str | None:
    value = request.headers.get("Idempotency-Key")
    if value is not None and _KEY.fullmatch(value) is None:
        detail = "1 to 255 visible ASCII characters are needed."
        raise ValidationError({"Idempotency-Key": [ErrorDetail(detail, "invalid")]})
    return value


def _outcome(error: Exception, status: int) -> str:
    if isinstance(error, Throttled):
        return outcomes.THROTTLED
    if isinstance(error, OutcomeNotRecordedError):
        return outcomes.UNKNOWN
    return outcomes.REJECTED if status < 500 else outcomes.ERROR
