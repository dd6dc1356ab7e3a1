"""What all views of the API share. Nothing is left to the defaults of the host's DRF settings."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.apps import apps
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry import audit
from telemetry.api import problems

R = TypeVar("R")


class Json(JSONRenderer):
    """ASCII, so that control and bidi characters in what was captured are inert, and no surprises:
    an infinite number is an error here, not a word that no JSON parser takes."""

    ensure_ascii = True
    strict = True


class JsonOnly(BaseContentNegotiation):
    """Answers JSON whatever `Accept` says: a problem in JSON helps more than a 406."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return None

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class StaffWithPermission(BasePermission):
    """Staff who hold the view's `permission`, as for the page that shows the same."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if not user.is_authenticated:
            return False
        if user.is_staff and user.has_perm(view.permission):
            return True
        audit.refused(request._request, view.permission)
        self.message = f"Only staff with the permission {view.permission} may read this."
        return False


class TelemetryView(APIView):
    """Reads, for staff with `permission`, by session or by a token of DRF's own."""

    permission = ""
    http_method_names = ["get", "head"]  # noqa: RUF012
    authentication_classes = (TokenAuthentication, SessionAuthentication)
    permission_classes = (StaffWithPermission,)
    renderer_classes = (Json,)
    parser_classes = ()
    throttle_classes = ()
    content_negotiation_class = JsonOnly
    metadata_class = None
    versioning_class = None

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Without the app that has the tokens only a session tells who somebody is."""
        found = super().get_authenticators()
        if apps.is_installed("rest_framework.authtoken"):
            return found
        return [one for one in found if not isinstance(one, TokenAuthentication)]

    def holds(self, permission: str) -> bool:
        """Whether who asks has another permission beside the view's own."""
        return self.request.user.has_perm(permission)

    def if_allowed(self, permission: str, rows: Sequence[R]) -> Sequence[R]:
        """The rows, for those who hold `permission`; none for others."""
        return rows if self.holds(permission) else []

    def get_exception_handler(self) -> Any:
        return problems.handle

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return super().finalize_response(request, response, *args, **kwargs)
