"""The page `/metrics`: for a scraper with the token, and for staff who may see metrics."""

import hmac
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from telemetry import audit, rules
from telemetry.conf import settings
from telemetry.queries import totals
from telemetry.queries.store import StoreUnavailableError, reading

PERMISSION = "telemetry.view_metric"
_PLAIN = "text/plain; charset=utf-8"
_CLOSED = (
    "Send “Authorization: Bearer …” with the token of the setting METRICS_TOKEN, or sign in to the "
    "admin as a member of staff.\n"
)
_WRONG = "That is not the token of the setting METRICS_TOKEN.\n"
_REFUSED = f"You are signed in, but not as a member of staff with the permission {PERMISSION}.\n"
_MISSING = (
    "The page of metrics needs the package prometheus-client. Install it on the server: "
    'pip install "django-sqlite-telemetry[metrics]"\n'
)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Every metric of the store, as Prometheus and OpenMetrics write them."""
    answer = _refusal(request) or _page(request)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    return answer


def _page(request: HttpRequest) -> HttpResponse:
    try:
        from telemetry.exposition.text import render
    except ImportError:
        return HttpResponse(_MISSING, status=501, content_type=_PLAIN)
    try:
        with reading():
            found = totals.families(timedelta(seconds=settings.METRICS_GAUGE_SECONDS))
    except StoreUnavailableError as problem:
        return HttpResponse(f"{problem}\n", status=503, content_type=_PLAIN)
    content, content_type = render(found, request.headers.get("Accept", ""))
    return HttpResponse(content, content_type=content_type)


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Why this request gets no metrics; None when it gets them."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return None if _is_token(given.strip()) else _unauthorized(_WRONG)
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return _unauthorized(_CLOSED)
    if user.is_staff and user.has_perm(PERMISSION):
        return None
    audit.refused(request, PERMISSION)
    return HttpResponse(_REFUSED, status=403, content_type=_PLAIN)


def _is_token(given: str) -> bool:
    # A site can run although `check` objects to its token: that one opens nothing.
    expected = settings.METRICS_TOKEN
    return rules.token(expected) and hmac.compare_digest(
        given.encode("utf-8", "replace"), expected.encode()
    )


def _unauthorized(text: str) -> HttpResponse:
    answer = HttpResponse(text, status=401, content_type=_PLAIN)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
    return answer
