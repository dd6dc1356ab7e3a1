"""Filters of the transaction list. A value that cannot match is refused, not ignored."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ErrorDetail, ValidationError

from transactions import currencies
from transactions.models import Transaction
from transactions.uuid7 import lower_bound

Clause = Callable[[str], dict[str, Any]]


def _one_of(column: str, options: Iterable[str]) -> Clause:
    allowed = list(options)

    def clause(raw: str) -> dict[str, Any]:
        if raw not in allowed:
            raise ValueError(f"Use one of: {', '.join(allowed)}.")
        return {column: raw}

    return clause


def _account(raw: str) -> dict[str, Any]:
    try:
        return {"account_id": UUID(raw)}
    except ValueError:
        raise ValueError("Not an account id.") from None


def _created(lookup: str) -> Clause:
    def clause(raw: str) -> dict[str, Any]:
        # Ids begin with the creation time, so a range of times reads the index of ids.
        return {f"id__{lookup}": lower_bound(_moment(raw))}

    return clause


def _moment(raw: str) -> datetime:
    try:
        if len(raw) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(raw), time.min, UTC)
        moment = datetime.fromisoformat(raw)
    except ValueError:
        raise ValueError(
            "Not a date or time. Write it as 2026-01-31 or 2026-01-31T12:00:00Z."
        ) from None
    if moment.tzinfo is None:
        raise ValueError("A time needs a zone: end it with Z for UTC.")
    return moment


_CLAUSES: dict[str, Clause] = {
    "status": _one_of("status", Transaction.Status.values),
    "type": _one_of("type", Transaction.Type.values),
    "account": _account,
    "currency": _one_of("currency", currencies.CODES),
    "created_from": _created("gte"),
    "created_before": _created("lt"),
}

PARAMETERS = [
    OpenApiParameter("status", str, enum=Transaction.Status.values),
    OpenApiParameter("type", str, enum=Transaction.Type.values),
    OpenApiParameter("account", UUID, description="Orders on this account of yours."),
    OpenApiParameter("currency", str, enum=currencies.CODES),
    OpenApiParameter("created_from", datetime, description="Earliest creation time, included."),
    OpenApiParameter("created_before", datetime, description="Latest creation time, excluded."),
]


def apply(queryset: QuerySet[Transaction], query: QueryDict) -> QuerySet[Transaction]:
    """The rows that all given filters let pass; raises ValidationError naming each bad one."""
    errors: dict[str, list[ErrorDetail]] = {}
    for name, clause in _CLAUSES.items():
        if name not in query:
            continue
        try:
            queryset = queryset.filter(**clause(str(query[name])))
        except ValueError as error:
            errors[name] = [ErrorDetail(str(error), "invalid")]
    if errors:
        raise ValidationError(errors)
    return queryset
