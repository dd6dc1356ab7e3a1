"""The Content-Security-Policy of the site's pages."""

from csp.middleware import CSPMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class CspOfPagesMiddleware(CSPMiddleware):
    """django-csp's, for HTML alone.

    The API's answers are no documents in which something could run, and django-csp puts its policy
    together anew for each answer: 80 µs, a tenth of what a payment takes.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Sets the header unless the view has."""
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
