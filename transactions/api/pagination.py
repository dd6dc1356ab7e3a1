"""Pages by key, newest first: no COUNT and no OFFSET, the same cost at any depth."""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

Row = TypeVar("Row", bound=Model)


class KeyPagination(BasePagination):
    """`?limit=` rows below the primary key `?cursor=`; `next` is the URL of the following page."""

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Row], request: Request, view: APIView | None = None
    ) -> list[Row]:
        """The page's rows; raises ValidationError naming `limit` or `cursor`."""
        limit = self._limit(request)
        if (cursor := request.query_params.get("cursor")) is not None:
            queryset = queryset.filter(pk__lt=self._key(cursor))
        # One row more than asked for tells whether there is a next page.
        rows = list(queryset.order_by("-pk")[: limit + 1])
        self._next = None
        if len(rows) > limit:
            url = request.build_absolute_uri()
            self._next = replace_query_param(url, "cursor", str(rows[limit - 1].pk))
        return rows[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        following = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {"next": following, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            _parameter("limit", limit, "Rows a page."),
            _parameter(
                "cursor", {"type": "string"}, "Continue after this row; take it from `next`."
            ),
        ]

    def _limit(self, request: Request) -> int:
        raw = request.query_params.get("limit", str(DEFAULT_LIMIT))
        if raw.isascii() and raw.isdigit() and len(raw) <= 4 and 1 <= int(raw) <= MAX_LIMIT:
            return int(raw)
        raise invalid("limit", f"A whole number from 1 to {MAX_LIMIT} is needed.")

    def _key(self, cursor: str) -> Any:
        try:
            return self.parse_key(cursor)
        except ValueError:
            raise invalid("cursor", "Not a cursor. Follow `next` of the previous page.") from None

    def parse_key(self, text: str) -> Any:
        """The primary key in a cursor; raises ValueError."""
        raise NotImplementedError


class IdPagination(KeyPagination):
    """For rows with version 7 ids, which sort by time."""

    def parse_key(self, text: str) -> UUID:
        return UUID(text)


class EntryPagination(KeyPagination):
    """For ledger entries, whose numbers grow."""

    def parse_key(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise ValueError(text)
        return int(text)


def invalid(parameter: str, detail: str) -> ValidationError:
    """A 400 that names a query parameter."""
    return ValidationError({parameter: [ErrorDetail(detail, "invalid")]})


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": schema,
        "description": description,
    }
