"""The JSON console format: one line a record, redacted, with its trace."""

import json
import logging
import sys

from django.test import RequestFactory

from telemetry.capture.console import JsonFormatter
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "pay", "levelno": 40, "levelname": "ERROR"})
    made.msg, made.args = message, args
    made.__dict__.update(extra)
    return made


def test_a_record_is_one_redacted_line() -> None:
    line = JsonFormatter().format(record("card %s\nnext", "4111111111111111", amount=3))
    assert "\n" not in line
    assert "4111111111111111" not in line
    found = json.loads(line)
    assert found["severity_text"] == "ERROR"
    assert found["attributes"]["amount"] == 3


def test_a_record_of_a_request_carries_its_trace(telemetry_capture: Captured) -> None:
    lines = []

    def view(request: object) -> object:
        from django.http import HttpResponse

        lines.append(JsonFormatter().format(record("inside")))
        return HttpResponse()

    TelemetryMiddleware(view)(RequestFactory().get("/"))
    assert json.loads(lines[0])["trace_id"] == telemetry_capture.requests[0].uid


def test_an_exception_is_part_of_the_line() -> None:
    try:
        raise ValueError("password=hunter2")
    except ValueError:
        line = JsonFormatter().format(record("failed", exc_info=sys.exc_info()))
    attributes = json.loads(line)["attributes"]
    assert attributes["exception.type"] == "ValueError"
    assert "hunter2" not in line
    assert "Traceback" in attributes["exception.stacktrace"]
    assert "\n" not in line


def test_lone_surrogates_do_not_break_the_line() -> None:
    assert "inside" in JsonFormatter().format(record("inside \ud800"))
