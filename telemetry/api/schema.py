"""Descriptions for the host's OpenAPI document, where it is made by drf-spectacular."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from telemetry.api.parameters import PARAMETERS, is_list
from telemetry.api.problems import CONTENT_TYPE, TelemetryProblemSerializer

try:
    from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
except ImportError:
    extend_schema = None  # type: ignore[assignment]

View = TypeVar("View", bound=Callable[..., Any])
_PROBLEMS = {
    400: "An argument is wrong; `errors` names it.",
    401: "Nobody is signed in, or the token is wrong.",
    403: "Only staff with the permission that the page needs.",
    404: "There is nothing with this id or name; `errors` names the argument.",
    503: "The store cannot be read; `detail` says what to run.",
}


def described(
    operation: str, answer: Any, parameters: Sequence[str] = (), of_path: str = ""
) -> Callable[[View], View]:
    """Tells the document what a view takes and answers; `of_path` is its argument in the path."""
    if extend_schema is None:
        return lambda view: view
    statuses = [*((400,) if parameters else ()), 401, 403, *((404,) if of_path else ()), 503]
    responses: dict[Any, Any] = {200: answer}
    for status in statuses:
        responses[status, CONTENT_TYPE] = OpenApiResponse(
            TelemetryProblemSerializer, description=_PROBLEMS[status]
        )
    return extend_schema(
        operation_id=f"telemetry_{operation}",
        tags=["telemetry"],
        parameters=[_parameter(name) for name in parameters],
        responses=responses,
    )


def _parameter(name: str) -> Any:
    schema, description = PARAMETERS[name]
    return OpenApiParameter(
        name, schema, description=description, explode=True if is_list(name) else None
    )
