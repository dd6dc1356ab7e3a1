"""Every error of the API as RFC 9457 problem details (application/problem+json)."""

import math
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404
from django.utils.log import log_response
from rest_framework import exceptions
from rest_framework.exceptions import APIException, ErrorDetail
from rest_framework.response import Response
from rest_framework.views import set_rollback

import telemetry
from transactions.api.parsers import BodyTooLarge
from transactions.services.errors import (
    CardNumberError,
    KeyInFlightError,
    KeyReusedError,
    OutcomeNotRecordedError,
    RefusedError,
)

CONTENT_TYPE = "application/problem+json"
_BODY = "body"


class Conflict(APIException):
    """409: the idempotency key's first request is still running."""

    status_code = 409
    default_code = "idempotency_key_in_flight"
    default_detail = "A request with this Idempotency-Key is still in progress. Retry later."


class Unprocessable(APIException):
    """422: the idempotency key was used with another body."""

    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used with another body. Use a new key."


class CardNumber(exceptions.ValidationError):
    """422: a text holds a card number; `errors` names the field."""

    status_code = 422
    default_code = "card_number"


class Busy(APIException):
    """503: the database stayed locked longer than its time-out."""

    status_code = 503
    default_code = "busy"
    default_detail = "The service is busy. Retry with the same Idempotency-Key."


class OutcomeUnknown(APIException):
    """503: the order exists and will be resolved, but this request cannot say how."""

    status_code = 503
    default_code = "outcome_unknown"


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: a problem for every exception, unexpected ones included."""
    set_rollback()
    request = context["request"]._request
    known = _as_api_exception(error)
    response = _response(known or exceptions.APIException("Something went wrong here."), request)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _report(error, request, response)
    return response


def _as_api_exception(error: Exception) -> APIException | None:
    match error:
        case APIException():
            return error
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case CardNumberError():
            return CardNumber(_details(error))
        case RefusedError():
            return exceptions.ValidationError(_details(error))
        case KeyInFlightError():
            return Conflict()
        case KeyReusedError():
            return Unprocessable()
        case OutcomeNotRecordedError():
            return OutcomeUnknown(
                f"Transaction {error.transaction_id} was accepted and is being resolved. "
                "Retrieve it later, or retry with the same Idempotency-Key."
            )
        case OperationalError() if "locked" in str(error):
            return Busy()
    return None


def _details(error: RefusedError) -> dict[str, list[ErrorDetail]]:
    return {error.field: [ErrorDetail(error.detail, error.code)]}


def _response(error: APIException, request: Any) -> Response:
    status = error.status_code
    body: dict[str, object] = {
        "type": f"urn:fintech:problem:{_code(error)}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _detail(error),
        "instance": request.path,
    }
    if errors := list(_errors(error)):
        body["errors"] = errors
    if trace_id := telemetry.current_trace_id():
        body["trace_id"] = trace_id
    response = Response(body, status=status, content_type=CONTENT_TYPE)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        response["Retry-After"] = str(max(1, math.ceil(wait)))
    if isinstance(error, Conflict | Busy | OutcomeUnknown):
        response["Retry-After"] = "1"
    return response


def _code(error: APIException) -> str:
    if type(error) is exceptions.ValidationError:
        return "validation_error"
    return str(error.get_codes()) if isinstance(error.detail, str) else error.default_code


def _detail(error: APIException) -> str:
    if isinstance(error.detail, str):
        return str(error.detail)
    fields = [entry["field"] for entry in _errors(error)]
    return f"Correct these and send the request again: {', '.join(dict.fromkeys(fields))}."


def _errors(error: APIException) -> Iterator[dict[str, str]]:
    if isinstance(error, exceptions.ParseError | BodyTooLarge):
        yield {"field": _BODY, "code": str(error.get_codes()), "detail": str(error.detail)}
    elif isinstance(error, exceptions.ValidationError) and isinstance(error.detail, dict):
        for field, details in error.detail.items():
            for detail in details:
                code = getattr(detail, "code", None) or "invalid"
                yield {"field": field, "code": code, "detail": str(detail)}


def _report(error: Exception, request: Any, response: Response) -> None:
    # What Django does for an exception that leaves a view: this one does not, and must be as
    # visible to error reporting, to the log and to tests.
    got_request_exception.send(sender=handle, request=request)
    reason = response.reason_phrase
    log_response(
        "%s: %s", reason, request.path, response=response, request=request, exception=error
    )
