"""OpenAPI descriptions shared by the views."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from transactions.api.problems import CONTENT_TYPE
from transactions.api.serializers import ProblemSerializer

_TITLES = {
    400: "The request is wrong; `errors` names the fields.",
    401: "The token is missing or wrong.",
    404: "There is no such resource of yours.",
    409: "The Idempotency-Key's first request is still in progress.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The Idempotency-Key was used with another body (`idempotency_key_reused`), or a text "
    "holds a card number (`card_number`; `errors` names the field).",
    429: "Too many requests; see `Retry-After`.",
}

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description=(
        "1 to 255 visible ASCII characters, scoped to you. The same key and body get the same "
        "answer (with `Idempotent-Replayed: true`) for 24 hours and carry out the order once. "
        "A key that holds a card number is refused with 422."
    ),
)


def problems(*statuses: int) -> dict[Any, OpenApiResponse]:
    """Responses for these statuses and for those that every operation may give."""
    return {
        (status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description=_TITLES[status])
        for status in sorted({401, 429, *statuses})
    }
