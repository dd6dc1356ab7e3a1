"""URL map: the admin, the payments API and its documentation."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("transactions.urls")),
]
