"""What every page has: the navigation strip, how fresh the data is, and a page for bad days."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from telemetry import audit, display
from telemetry.admin import headers
from telemetry.queries import status
from telemetry.queries.store import StoreUnavailableError, reading

P = ParamSpec("P")
Page = Callable[Concatenate[AdminSite, HttpRequest, P], HttpResponse]
AdminView = Callable[..., HttpResponseBase]

VIEW_REQUEST = "telemetry.view_request"
VIEW_LOG = "telemetry.view_log"
VIEW_ERROR = "telemetry.view_error"
VIEW_LOADRUN = "telemetry.view_loadrun"
# (title, URL name, permission), in the order of the strip
_STRIP = (
    ("Overview", "telemetry_overview", VIEW_REQUEST),
    ("Requests", "telemetry_request_changelist", VIEW_REQUEST),
    ("Logs", "telemetry_log_changelist", VIEW_LOG),
    ("Errors", "telemetry_error_changelist", VIEW_ERROR),
    ("Metrics", "telemetry_metrics", VIEW_REQUEST),
    ("Objectives", "telemetry_objectives", VIEW_REQUEST),
    ("Images", "telemetry_images", VIEW_REQUEST),
    ("Load runs", "telemetry_loadrun_changelist", VIEW_LOADRUN),
    ("Status", "telemetry_status", VIEW_REQUEST),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One link of the navigation strip."""

    title: str
    url: str
    current: bool


def page(permission: str) -> Callable[[Page[P]], Page[P]]:
    """A view for those who hold `permission`, which answers readably when the store can't be read.

    Visitors who are not staff are dealt with by `admin_view`.
    """

    def decorate(view: Page[P]) -> Page[P]:
        def guarded(
            site: AdminSite, request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            if not request.user.has_perm(permission):
                audit.refused(request, permission)
                raise PermissionDenied
            try:
                with reading():
                    response = view(site, request, *args, **kwargs)
            except StoreUnavailableError as problem:
                response = _unavailable(site, request, problem)
            headers.protect(response)
            return response

        update_wrapper(guarded, view)
        return guarded

    return decorate


def admin_view(site: AdminSite, view: AdminView) -> AdminView:
    """`site.admin_view(view)`, which also tells the audit log of whom it turns away."""
    native = site.admin_view(view)

    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not site.has_permission(request):
            audit.refused(request, "staff")
        return native(request, *args, **kwargs)

    return update_wrapper(guarded, native)


def render(
    site: AdminSite,
    request: HttpRequest,
    name: str,
    context: dict[str, Any],
    *,
    code: int = 200,
    tab: str = "",
) -> TemplateResponse:
    """`telemetry/NAME.html` in the shell, rendered while the store is open for reading."""
    response = TemplateResponse(
        request, f"telemetry/{name}.html", frame(site, request, tab) | context, status=code
    )
    response.render()
    # Captured texts are everywhere on a page; markup in them is inert, and so are these.
    response.content = display.visible(response.content.decode())
    return response


def frame(site: AdminSite, request: HttpRequest, tab: str = "") -> dict[str, Any]:
    """The context that every page has."""
    return {
        **site.each_context(request),
        "strip": _strip(site, request, tab),
        "freshness": status.status(),
        "now_path": request.get_full_path(),
    }


def url(site: AdminSite, name: str, *args: object) -> str:
    """The path of a page of `site`."""
    return reverse(f"admin:{name}", args=args, current_app=site.name)


def _strip(site: AdminSite, request: HttpRequest, tab: str) -> list[Tab]:
    return [
        Tab(title, url(site, name), title == tab)
        for title, name, permission in _STRIP
        if request.user.has_perm(permission)
    ]


def _unavailable(
    site: AdminSite, request: HttpRequest, problem: StoreUnavailableError
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "strip": _strip(site, request, ""),
        "title": "Telemetry cannot be read",
        "problem": problem,
    }
    return TemplateResponse(request, "telemetry/unavailable.html", context, status=503).render()
