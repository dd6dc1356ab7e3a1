"""The small site of views.py, behind the middleware alone."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

from telemetry.capture import logs, tail
from tests.telemetry.capture import views


@pytest.fixture(autouse=True)
def no_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """No route has a p95 yet by which a request of this test could be slow."""
    monkeypatch.setattr(tail, "recent", tail.Recent())


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


@pytest.fixture
def unheard(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    """A logger to which nobody but telemetry listens.

    Its parent is one that pytest does not find: it puts handlers on the root, and on each logger
    that does not propagate.
    """
    logger = logging.getLogger("tests.unheard")
    monkeypatch.setattr(logger, "parent", deaf())
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "filters", [])
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    logger.manager._clear_cache()  # type: ignore[attr-defined]
    return logger


def deaf() -> logging.Logger:
    """In no tree, with a handler that does nothing."""
    logger = logging.Logger("tests.deaf")  # noqa: LOG001
    logger.addHandler(logging.NullHandler())
    return logger


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[logging.LogRecord]:
    """The records that the library made, and telemetry heard, during the test."""
    found: list[logging.LogRecord] = []
    to_event = logs.to_event

    def noting(record: logging.LogRecord, *rest: Any) -> Any:
        found.append(record)
        return to_event(record, *rest)

    monkeypatch.setattr(logs, "to_event", noting)
    return found
