"""The page of the payments API's documentation. Who may see it: `API_DOCS` in the settings."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework import exceptions


class DocumentationView(SpectacularSwaggerSplitView):
    """Swagger UI without inline script; visitors are sent to the login."""

    template_name = "fintech/apidocs.html"
    url_name = "api-schema"

    def handle_exception(self, exc: Exception) -> Any:
        # A page, not the API: people get the login or Django's own page, and not a problem in JSON.
        if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            return self._login()
        if isinstance(exc, exceptions.PermissionDenied):
            raise PermissionDenied from exc
        return super().handle_exception(exc)

    def _login(self) -> HttpResponseBase:
        return redirect_to_login(self.request.get_full_path(), reverse("admin:login"))
