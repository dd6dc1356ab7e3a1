"""Errors as RFC 9457 problem details (application/problem+json), each naming what is wrong."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from telemetry.capture.context import current_trace_id
from telemetry.queries.store import StoreUnavailableError

CONTENT_TYPE = "application/problem+json"


class BadArguments(APIException):
    """400: `faults` says of each argument what is wrong with it."""

    status_code = 400
    default_code = "bad_argument"

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(f"Correct these and ask again: {', '.join(faults)}.")
        self.faults = faults


class Missing(exceptions.NotFound):
    """404: there is nothing with this `argument` of the path."""

    def __init__(self, argument: str, detail: str) -> None:
        super().__init__(detail)
        self.faults = {argument: detail}


class Unavailable(APIException):
    """503: the store cannot be read; the detail says what to run."""

    status_code = 503
    default_code = "store_unavailable"


class TelemetryProblemErrorSerializer(serializers.Serializer[Any]):
    """One argument that is wrong."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class TelemetryProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    # As RFC 9457 has it, over a property of the base class that is of no use here.
    errors = TelemetryProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]
    trace_id = serializers.CharField(required=False)


def handle(error: Exception, where: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler of these views; None lets what nobody expected go to Django."""
    known = _known(error)
    if known is None:
        return None
    status = known.status_code
    body: dict[str, object] = {
        "type": f"urn:telemetry:problem:{known.get_codes()}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(known.detail),
        "instance": where["request"].path,
    }
    faults: Mapping[str, str] = getattr(known, "faults", {})
    if faults:
        code = str(known.get_codes())
        body["errors"] = [
            {"field": name, "code": code, "detail": text} for name, text in faults.items()
        ]
    if trace_id := current_trace_id():
        body["trace_id"] = trace_id
    response = Response(body, status=status, content_type=CONTENT_TYPE)
    if header := getattr(known, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response


def _known(error: Exception) -> APIException | None:
    match error:
        case APIException():
            return error
        case StoreUnavailableError():
            return Unavailable(str(error))
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
    return None
