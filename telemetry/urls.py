"""Addresses for the host's `urls.py`: `path("", include("telemetry.urls"))`.

Admin's pages need no line there. Paths are those of the default `SELF_PATHS`; mounted elsewhere,
add the new ones to that setting.
"""

from django.urls import include, path

from telemetry.exposition.page import metrics

urlpatterns = [
    path("metrics", metrics, name="telemetry_metrics"),
    path("api/telemetry/", include("telemetry.api.urls")),
]
