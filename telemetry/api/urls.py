"""Addresses of the JSON API, mounted at `api/telemetry/`; without DRF they say what to install."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.urls.resolvers import URLPattern

_MISSING = (
    "The JSON API needs the package djangorestframework. Install it on the server: "
    'pip install "django-sqlite-telemetry[drf]"\n'
)


@login_not_required
def missing(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """501: what to install."""
    return HttpResponse(_MISSING, status=501, content_type="text/plain; charset=utf-8")


def _patterns() -> list[URLPattern]:
    try:
        from telemetry.api import lists, ranges, traces
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "rest_framework":
            raise
        return [re_path("", missing, name="telemetry_api_missing")]
    return [
        path("metrics/", ranges.MetricListView.as_view(), name="telemetry_api_metrics"),
        path("metrics/<str:name>/", ranges.MetricView.as_view(), name="telemetry_api_series"),
        path("requests/", lists.RequestListView.as_view(), name="telemetry_api_requests"),
        path("requests/<str:id>/", lists.RequestView.as_view(), name="telemetry_api_request"),
        path("logs/", lists.LogListView.as_view(), name="telemetry_api_logs"),
        path("errors/", lists.ErrorListView.as_view(), name="telemetry_api_errors"),
        path("errors/<str:id>/", lists.ErrorView.as_view(), name="telemetry_api_error"),
        path("traces/<str:id>/", traces.TraceView.as_view(), name="telemetry_api_trace"),
        path("loadruns/", lists.RunListView.as_view(), name="telemetry_api_loadruns"),
        path("loadruns/<str:id>/", lists.RunView.as_view(), name="telemetry_api_loadrun"),
    ]


urlpatterns = _patterns()
