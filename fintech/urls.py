"""URL map: the front page, the admin, telemetry's own, the payments API and its documentation."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from fintech import pages
from fintech.apidocs import DocumentationView

urlpatterns = [
    path("", pages.index, name="index"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", DocumentationView.as_view(), name="api-docs"),
    path("", include("telemetry.urls")),
    path("api/", include("transactions.urls")),
]
