"""Requests, log records and errors: native in admin's index and permissions, with pages of ours."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from telemetry.admin import forms, shell
from telemetry.models import Request
from telemetry.queries import errors, filters, logs, requests
from telemetry.queries.filters import Parsed, parse
from telemetry.queries.paging import Cursor, Page
from telemetry.queries.store import rows

Read = Callable[[filters.Filters, Cursor], Page[Any]]


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[type-arg]
    """Captured rows are written by ingest alone, so here they can only be looked at."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = partial(shell.admin_view, self.admin_site)
        name = f"telemetry_{self.model._meta.model_name}"
        return [
            path("", view(self.changelist_view), name=f"{name}_changelist"),
            path("<int:object_id>/change/", view(self.open_row), name=f"{name}_change"),
        ]

    def open_row(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Where a row is shown; each model has its place."""
        raise NotImplementedError


class RequestAdmin(ReadOnlyAdmin):
    """Units of work, newest first."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return _requests(self.admin_site, request)

    def open_row(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return _open_request(self.admin_site, request, object_id)


class LogAdmin(ReadOnlyAdmin):
    """Log records, newest first."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return _logs(self.admin_site, request)

    def open_row(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return _open_log(self.admin_site, request, object_id)


class ErrorAdmin(ReadOnlyAdmin):
    """Error groups, the latest first, and the page of one group."""

    def get_urls(self) -> list[URLPattern]:
        group = shell.admin_view(self.admin_site, self.open_row)
        return [path("<int:object_id>/", group, name="telemetry_error_group"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return _errors(self.admin_site, request)

    def open_row(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return _group(self.admin_site, request, object_id)


@shell.page(shell.VIEW_REQUEST)
def _requests(site: Any, request: HttpRequest) -> HttpResponse:
    return list_page(
        site, request, "requests", "Requests", filters.REQUEST_FIELDS, requests.page,
        requests.any_stored,
    )  # fmt: skip


@shell.page(shell.VIEW_LOG)
def _logs(site: Any, request: HttpRequest) -> HttpResponse:
    return list_page(
        site, request, "logs", "Logs", filters.LOG_FIELDS, logs.page, logs.any_stored
    )  # fmt: skip


@shell.page(shell.VIEW_ERROR)
def _errors(site: Any, request: HttpRequest) -> HttpResponse:
    return list_page(
        site, request, "errors", "Errors", filters.ERROR_FIELDS, errors.page, errors.any_stored
    )  # fmt: skip


@shell.page(shell.VIEW_ERROR)
def _group(site: Any, request: HttpRequest, error_id: int) -> HttpResponse:
    group = errors.group(error_id)
    if group is None:
        raise Http404("There is no such error group.")
    return list_page(
        site, request, "error", "Errors", filters.TIME_FIELDS,
        lambda chosen, cursor: errors.occurrences(error_id, chosen, cursor),
        lambda: True, {"group": group, "title": group.type},
    )  # fmt: skip


@shell.page(shell.VIEW_REQUEST)
def _open_request(site: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    unit = rows(Request).filter(id=object_id).only("uid", "caller_trace_id").first()
    if unit is None:
        raise Http404("There is no such request.")
    return HttpResponseRedirect(shell.url(site, "telemetry_trace", unit.trace_id))


@shell.page(shell.VIEW_LOG)
def _open_log(site: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    found = logs.uid_of(object_id)
    if found is None:
        raise Http404("There is no such log record.")
    number, uid = found
    if uid is None:
        page = shell.url(site, "telemetry_log_changelist")
        return HttpResponseRedirect(f"{page}?before={number + 1}")
    return HttpResponseRedirect(f"{shell.url(site, 'telemetry_trace', uid)}#log-{number}")


def list_page(
    site: Any,
    request: HttpRequest,
    name: str,
    tab: str,
    allowed: Sequence[str],
    read: Read,
    any_stored: Callable[[], bool],
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    """A page of rows under its filters; with a bad filter the form alone, status 400."""
    params = request.GET.dict()
    parsed = parse(params, allowed)
    page: Page[Any] = Page([]) if parsed.errors else read(parsed.filters, parsed.cursor)
    context = {
        "title": tab,
        "page": page,
        **forms.context(parsed, params, allowed),
        **_neighbours(parsed, page),
        "store_is_empty": not page.rows and not parsed.errors and not any_stored(),
        **(extra or {}),
    }
    return shell.render(site, request, name, context, code=400 if parsed.errors else 200, tab=tab)


def _neighbours(parsed: Parsed, page: Page[Any]) -> dict[str, str]:
    query = parsed.filters.query
    return {
        "newer_query": query(after=page.newer) if page.newer is not None else "",
        "older_query": query(before=page.older) if page.older is not None else "",
        "first_query": query(),
    }
