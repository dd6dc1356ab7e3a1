"""Streamed responses and async views: whole durations, right owners, disconnects said."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured

log = logging.getLogger("tests.streaming")
# Closing a response looks at the connections that earlier tests have opened.
pytestmark = pytest.mark.django_db


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        log.warning("first part")
        yield b"one,"
        if "boom" in request.GET:
            raise ValueError("half way")
        log.warning("second part")
        yield b"two"

    return StreamingHttpResponse(parts())


async def stream_async(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        log.warning("first part")
        yield b"one,"
        await asyncio.sleep(5 if "slow" in request.GET else 0)
        log.warning("second part")
        yield b"two"

    return StreamingHttpResponse(parts())


async def wait(request: HttpRequest) -> HttpResponse:
    log.warning("waiting")
    await asyncio.sleep(5)
    return HttpResponse("late")


async def answer(request: HttpRequest) -> HttpResponse:
    log.warning("async view")
    return HttpResponse("ok")


async def broken(request: HttpRequest) -> HttpResponse:
    raise KeyError("async fault")


urlpatterns = [
    path("stream/", stream),
    path("stream-async/", stream_async),
    path("wait/", wait),
    path("answer/", answer),
    path("broken/", broken),
]
MIDDLEWARE = ["telemetry.middleware.TelemetryMiddleware"]


@pytest.fixture(autouse=True)
def _site() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=MIDDLEWARE):
        yield


def communicator(url: str) -> ApplicationCommunicator:
    where, _, query = url.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": where,
        "query_string": query.encode(),
        "headers": [(b"host", b"testserver")],
        "client": ("192.0.2.77", 1234),
    }
    return ApplicationCommunicator(get_asgi_application(), scope)


async def fetch(url: str) -> bytes:
    connection = communicator(url)
    await connection.send_input({"type": "http.request"})
    body = b""
    while True:
        message = await connection.receive_output()
        body += message.get("body", b"")
        if message["type"] == "http.response.body" and not message.get("more_body"):
            break
    await connection.wait()
    return body


async def leave_after(url: str, outputs: int) -> None:
    connection = communicator(url)
    await connection.send_input({"type": "http.request"})
    for _ in range(outputs):
        await connection.receive_output()
    await asyncio.sleep(0.05)
    await connection.send_input({"type": "http.disconnect"})
    await connection.wait()


def test_a_streamed_response_is_recorded_at_its_last_byte(telemetry_capture: Captured) -> None:
    middleware = TelemetryMiddleware(stream)
    response: Any = middleware(RequestFactory().get("/stream/"))
    assert telemetry_capture.requests == []
    assert b"".join(response.streaming_content) == b"one,two"
    response.close()
    (request,) = telemetry_capture.requests
    assert request.response_size == 7
    assert "client.disconnected" not in request.attributes
    assert [(entry.message, entry.uid) for entry in telemetry_capture.logs] == [
        ("first part", request.uid),
        ("second part", request.uid),
    ]


def test_a_client_that_leaves_a_stream_is_recorded_as_disconnected(
    telemetry_capture: Captured,
) -> None:
    response: Any = TelemetryMiddleware(stream)(RequestFactory().get("/stream/"))
    assert next(iter(response.streaming_content)) == b"one,"
    response.close()
    (request,) = telemetry_capture.requests
    assert request.attributes["client.disconnected"] is True
    assert request.response_size == 4
    assert request.error_type is None


def test_a_stream_that_raises_is_an_error_of_its_request(telemetry_capture: Captured) -> None:
    response: Any = TelemetryMiddleware(stream)(RequestFactory().get("/stream/?boom=1"))
    with pytest.raises(ValueError, match="half way"):
        b"".join(response.streaming_content)
    response.close()
    (request,) = telemetry_capture.requests
    (error,) = telemetry_capture.errors
    assert request.error_type == "ValueError"
    assert (error.uid, error.message) == (request.uid, "half way")


def test_async_views_and_their_logs_share_a_trace(telemetry_capture: Captured) -> None:
    assert asyncio.run(fetch("/answer/")) == b"ok"
    (request,) = telemetry_capture.requests
    assert (request.route, request.status) == ("answer/", 200)
    assert request.client_address == "192.0.2.0"
    assert [entry.uid for entry in telemetry_capture.logs] == [request.uid]


def test_async_streams_are_recorded_whole(telemetry_capture: Captured) -> None:
    assert asyncio.run(fetch("/stream-async/")) == b"one,two"
    (request,) = telemetry_capture.requests
    assert "client.disconnected" not in request.attributes
    assert {entry.uid for entry in telemetry_capture.logs} == {request.uid}
    assert len(telemetry_capture.logs) == 2


@pytest.mark.parametrize(("url", "outputs"), [("/wait/", 0), ("/stream-async/?slow=1", 2)])
def test_an_async_client_that_leaves_is_recorded_as_disconnected(
    url: str, outputs: int, telemetry_capture: Captured
) -> None:
    asyncio.run(leave_after(url, outputs))
    (request,) = telemetry_capture.requests
    assert request.attributes["client.disconnected"] is True
    assert request.error_type is None


def test_exceptions_of_async_views_are_recorded(telemetry_capture: Captured) -> None:
    asyncio.run(fetch("/broken/"))
    (request,) = telemetry_capture.requests
    (error,) = telemetry_capture.errors
    assert (request.status, request.error_type) == (500, "KeyError")
    assert error.uid == request.uid


class Refusing:
    """A middleware of the application that raises before any view is chosen."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        raise PermissionError("from a middleware")


@override_settings(MIDDLEWARE=[*MIDDLEWARE, f"{__name__}.Refusing"])
def test_exceptions_of_other_middleware_are_recorded(telemetry_capture: Captured) -> None:
    response = Client(raise_request_exception=False).get("/answer/")
    assert response.status_code == 500
    (request,) = telemetry_capture.requests
    (error,) = telemetry_capture.errors
    assert (error.type, error.uid) == ("PermissionError", request.uid)


def test_a_worker_that_is_ended_mid_request_still_writes_its_record(
    telemetry_capture: Captured,
) -> None:
    def ended(request: HttpRequest) -> HttpResponse:
        raise SystemExit(1)

    with pytest.raises(SystemExit):
        TelemetryMiddleware(ended)(RequestFactory().get("/x/"))
    (request,) = telemetry_capture.requests
    assert (request.status, request.error_type) == (None, "SystemExit")
