"""Request headers are recorded by name only, and redacted; bodies and locals never are."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

from telemetry.journal import events
from telemetry.testing import Captured
from tests.telemetry.capture import views

Visit = Callable[..., HttpResponse]


def header(captured: Captured, name: str) -> object:
    return captured.requests[0].attributes.get(f"http.request.header.{name}")


def test_none_is_recorded_unless_named(visit: Visit, telemetry_capture: Captured) -> None:
    visit("/hello/", Referer="https://shop.test/", X_Secret_Note="hush")
    assert "shop.test" not in str(telemetry_capture.events)
    assert "hush" not in str(telemetry_capture.events)


def test_those_named_are_recorded_redacted_and_cut(
    visit: Visit, telemetry_capture: Captured
) -> None:
    with override_settings(TELEMETRY={"CAPTURE_HEADERS": ["Referer", "X-Note", "X-Long"]}):
        visit(
            "/hello/",
            Referer="https://shop.test/?token=hush",
            X_Note="card 4111 1111 1111 1111",
            X_Long="x" * 3_000,
        )
    assert header(telemetry_capture, "referer") == "https://shop.test/?token=[redacted]"
    assert header(telemetry_capture, "x-note") == "card [card ****1111]"
    assert len(str(header(telemetry_capture, "x-long"))) < 600


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "X-Forwarded-For"])
def test_what_the_check_refuses_is_not_recorded_either(
    name: str, visit: Visit, telemetry_capture: Captured
) -> None:
    with override_settings(TELEMETRY={"CAPTURE_HEADERS": [name]}):
        visit("/hello/", **{name.replace("-", "_"): "192.0.2.77"})
    assert "192.0.2.77" not in str(telemetry_capture.events)


def test_bodies_and_local_variables_are_never_looked_at(telemetry_capture: Captured) -> None:
    client = Client(raise_request_exception=False)
    with override_settings(
        ROOT_URLCONF=views.__name__,
        MIDDLEWARE=["telemetry.middleware.TelemetryMiddleware"],
        TELEMETRY={"DETAIL_SAMPLE": 1.0},
    ):
        client.post("/crash/?log=1", {"note": "bodycanary"})
    assert telemetry_capture.errors
    assert "bodycanary" not in "".join(
        events.encode(event).decode() for event in telemetry_capture.events
    )
