"""Units of work that run at the same time keep their logs, fields and samples apart."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.client import AsyncRequestFactory

import telemetry
from telemetry.capture import context
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured

log = logging.getLogger("tests.isolation")


async def talk(request: HttpRequest) -> HttpResponse:
    name = request.GET["name"]
    telemetry.bind(**{"transaction.id": name})
    for step in range(5):
        log.warning("%s says %s", name, step)
        # The other requests go on here.
        await asyncio.sleep(0)
    return HttpResponse(telemetry.current_trace_id())


def test_interleaved_async_requests_keep_their_own(telemetry_capture: Captured) -> None:
    middleware = TelemetryMiddleware(talk)

    async def serve(name: str) -> str:
        request = AsyncRequestFactory().get("/x/", {"name": name})
        response: Any = await middleware(request)
        return str(response.content.decode())

    async def all_at_once() -> list[str]:
        return await asyncio.gather(*map(serve, "abc"))

    uids = dict(zip("abc", asyncio.run(all_at_once()), strict=True))
    spoken = [entry.message for entry in telemetry_capture.logs]
    assert spoken[:3] == ["a says 0", "b says 0", "c says 0"]
    for entry in telemetry_capture.logs:
        assert (entry.uid, entry.bound["transaction.id"]) == (
            uids[entry.message[0]],
            entry.message[0],
        )
    assert {r.uid: r.attributes["transaction.id"] for r in telemetry_capture.requests} == {
        uid: name for name, uid in uids.items()
    }
    assert [request.log_count for request in telemetry_capture.requests] == [5, 5, 5]


def test_threads_belong_to_the_request_whose_context_they_carry(
    telemetry_capture: Captured,
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        with ThreadPoolExecutor(4) as pool:
            for number in range(20):
                pool.submit(copy_context().run, log.warning, "with %s", number)
            pool.submit(log.warning, "without")
        return HttpResponse()

    TelemetryMiddleware(view)(RequestFactory().get("/x/"))
    (request,) = telemetry_capture.requests
    owners = {entry.message: entry.uid for entry in telemetry_capture.logs}
    assert owners.pop("without") is None
    assert len(owners) == 20
    assert set(owners.values()) == {request.uid}
    assert context.current.get() is None


@pytest.mark.parametrize("attempts", [1, 3])
def test_a_request_leaves_nothing_to_the_next_one(
    attempts: int, telemetry_capture: Captured
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        if "bind" in request.GET:
            telemetry.bind(tenant="first")
        log.warning("here")
        return HttpResponse()

    for _ in range(attempts):
        TelemetryMiddleware(view)(RequestFactory().get("/x/?bind=1"))
        TelemetryMiddleware(view)(RequestFactory().get("/x/"))
    assert ["tenant" in entry.bound for entry in telemetry_capture.logs] == [
        True,
        False,
    ] * attempts
    telemetry.bind(tenant="nobody's")
    assert telemetry.current_trace_id() is None
