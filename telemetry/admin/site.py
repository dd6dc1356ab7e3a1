"""Puts the pages into an admin site, without a line in the host's `urls.py`."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path

from telemetry.admin import images, metrics, objectives, overview, pages, shell
from telemetry.admin.lists import ErrorAdmin, LogAdmin, RequestAdmin
from telemetry.admin.loadruns import LoadRunAdmin
from telemetry.models import Error, LoadRun, Log, Request

PageView = Callable[..., HttpResponseBase]


def register(site: AdminSite) -> None:
    """Register the models in `site` and put the pages that belong to no model beside them."""
    site.register(Request, RequestAdmin)
    site.register(Log, LogAdmin)
    site.register(Error, ErrorAdmin)
    site.register(LoadRun, LoadRunAdmin)
    native = site.get_urls

    def get_urls() -> list[URLResolver | URLPattern]:
        return [*_urls(site), *native()]

    # A model's own get_urls can't leave `telemetry/<model>/`, and these are pages of no model.
    site.get_urls = get_urls  # type: ignore[method-assign]


def _urls(site: AdminSite) -> list[URLPattern]:
    def view(page: PageView) -> PageView:
        def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            return page(site, request, **kwargs)

        return shell.admin_view(site, update_wrapper(wrapped, page))

    return [
        path("telemetry/", view(overview.overview), name="telemetry_overview"),
        path("telemetry/dashboard/", view(images.images), name="telemetry_images"),
        path("telemetry/dashboard/draw/", view(images.draw_now), name="telemetry_draw"),
        path("telemetry/dashboard/<str:name>", view(images.picture), name="telemetry_picture"),
        path("telemetry/find/", view(pages.find), name="telemetry_find"),
        path("telemetry/metric/", view(metrics.metric_list), name="telemetry_metrics"),
        path("telemetry/metric/<str:name>/", view(metrics.metric_detail), name="telemetry_metric"),
        path("telemetry/objective/", view(objectives.objectives), name="telemetry_objectives"),
        path("telemetry/status/", view(pages.status), name="telemetry_status"),
        path("telemetry/trace/<str:trace_id>/", view(pages.trace), name="telemetry_trace"),
        path(
            "telemetry/transaction/<str:transaction_id>/",
            view(pages.transaction),
            name="telemetry_transaction",
        ),
    ]
