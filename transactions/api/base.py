"""What all views of the API share."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response


class JsonOnly(DefaultContentNegotiation):
    """Answers JSON whatever `Accept` says: a problem in JSON helps more than a 406."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class ApiView(GenericAPIView[Any]):
    """A view that answers JSON only."""

    content_negotiation_class = JsonOnly

    def page_of(self, rows: QuerySet[Any], **context: object) -> Response:
        """A page of rows in the view's own form."""
        page: Any = self.paginate_queryset(rows)
        serializer = self.get_serializer_class()(page, many=True, context=context)
        return self.get_paginated_response(serializer.data)

    @property
    def owner_id(self) -> int:
        """The authenticated user's primary key."""
        identifier = self.request.user.pk
        assert identifier is not None, "the permission class lets authenticated users through only"
        return identifier
