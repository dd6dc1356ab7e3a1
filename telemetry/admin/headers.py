"""Headers with which telemetry's pages protect themselves, in any project."""

from functools import lru_cache

from django.conf import settings
from django.http.response import HttpResponseBase

# No inline script and no inline style: nothing that a record holds could run as one.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self' data:; object-src 'none'"
)
_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def protect(response: HttpResponseBase) -> None:
    """Set what is not set yet; the policy only where no middleware of the project sets one."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if not _project_has_policy(tuple(settings.MIDDLEWARE)):
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)


@lru_cache(maxsize=8)
def _project_has_policy(middleware: tuple[str, ...]) -> bool:
    # django-csp's, Django 6's (`django.middleware.csp`), and those that are named like them. All
    # leave a header that is there alone, so setting ours would take the project's away.
    return any("csp" in name.lower() or "contentsecurity" in name.lower() for name in middleware)
