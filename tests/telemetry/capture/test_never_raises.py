"""A fault in any part of capture stays there: the application goes on, the loss is counted."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

import telemetry
from telemetry.capture import faults, metrics, sink
from telemetry.testing import Captured
from tests.telemetry.capture import views
from tests.telemetry.capture.conftest import deaf
from tests.telemetry.capture.work import Worker, settle

pytestmark = pytest.mark.django_db
PARTS = [
    "telemetry.capture.ids.parse_traceparent",
    "telemetry.capture.ids.traceparent",
    "telemetry.capture.requests.begin",
    "telemetry.capture.requests.describe",
    "telemetry.capture.requests.client_network",
    "telemetry.capture.tail.weight",
    "telemetry.capture.units._user_id",
    "telemetry.capture.units._write",
    "telemetry.capture.logs.to_event",
    "telemetry.capture.logs.from_call",
    "telemetry.capture.records._attributes",
    "telemetry.capture.listeners.is_alone",
    "telemetry.capture.callers.site",
    "telemetry.capture.errors.record",
    "telemetry.capture.errors.stack_text",
    "telemetry.capture.errors.type_name",
    "telemetry.capture.values.text",
    "telemetry.capture.values.clean_mapping",
    "telemetry.capture.redact.text",
    "telemetry.capture.sink.current",
    "telemetry.capture.sink.MemorySink.emit",
    "telemetry.journal.board.Board.enter",
    "telemetry.journal.board.Board.leave",
    "telemetry.journal.board.Board.dropped",
    "telemetry.autostart.at_first_request",
    "telemetry.capture.context.Unit.now",
    "telemetry.capture.context.Unit.where",
    "telemetry.capture.tasks._name",
    "telemetry.capture.tasks._record_failure",
]


def break_part(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"{part} is broken")

    monkeypatch.setattr(part, broken)
    monkeypatch.setattr(faults, "_last", {})


@pytest.mark.parametrize("is_heard", [True, False], ids=["heard by handlers", "unheard"])
@pytest.mark.parametrize("part", PARTS)
def test_the_application_goes_on(
    part: str, is_heard: bool, telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_heard:
        # By telemetry alone, not by pytest's handlers: no record is made.
        monkeypatch.setattr(logging.getLogger("tests"), "parent", deaf())
    monkeypatch.setattr(metrics, "_declared", {})
    counter = telemetry.counter("a_total", "", labels=["x"])
    client = Client(raise_request_exception=False, headers={"traceparent": "00-x"})
    with override_settings(
        ROOT_URLCONF=views.__name__, MIDDLEWARE=["telemetry.middleware.TelemetryMiddleware"]
    ):
        break_part(monkeypatch, part)
        expected = {"/hello/": 200, "/talk/": 200, "/ask/": 200, "/crash/": 500, "/none/": 404}
        for url, status in expected.items():
            assert client.get(url).status_code == status
    counter.inc(x=1)
    logging.getLogger("tests").error("outside", exc_info=ValueError())
    assert settle() == "done"
    with pytest.raises(KeyError):
        settle(crash=True)
    Worker("task").start().end(success=False, result="x : Traceback")
    assert sink.current is not None


def test_a_fault_is_told_once_in_a_while(
    telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    break_part(monkeypatch, "telemetry.capture.logs.to_event")
    for _ in range(50):
        logging.getLogger("tests").error("lost")
    text = capsys.readouterr().err
    assert text.count("recording a log record failed; the application goes on.") == 1
    assert "to_event is broken" in text
    assert sink.current().board.snapshot().dropped == {"internal_error": 50}


def test_a_view_without_telemetry_sees_the_same_answer(
    telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.test import RequestFactory

    from telemetry.middleware import TelemetryMiddleware

    view: Callable[..., HttpResponse] = lambda request: HttpResponse("same")  # noqa: E731
    break_part(monkeypatch, "telemetry.capture.requests.end")
    response: Any = TelemetryMiddleware(view)(RequestFactory().get("/"))
    assert response.content == b"same"
