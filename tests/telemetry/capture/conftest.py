"""The small site of views.py, behind the middleware alone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

from tests.telemetry.capture import views


@pytest.fixture
def visit() -> Iterator[Callable[..., HttpResponse]]:
    """GET a path of the site; keywords are headers, a fault of a view is answered with 500."""
    client = Client(raise_request_exception=False)

    def get(url: str, **headers: str) -> Any:
        return client.get(url, headers={key.replace("_", "-"): headers[key] for key in headers})

    with override_settings(
        ROOT_URLCONF=views.__name__, MIDDLEWARE=["telemetry.middleware.TelemetryMiddleware"]
    ):
        yield get
