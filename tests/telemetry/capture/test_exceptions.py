"""Exceptions: recorded once, with their stack and place; refusals are none."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from telemetry.capture import errors
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured

Visit = Callable[..., Any]
log = logging.getLogger("tests.exceptions")


@pytest.mark.parametrize("url", ["/crash/", "/crash/?log=1"])
def test_an_unhandled_exception_is_recorded_once(
    url: str, visit: Visit, telemetry_capture: Captured
) -> None:
    assert visit(url).status_code == 500
    (unit,) = telemetry_capture.requests
    (error,) = telemetry_capture.errors
    assert (unit.status, unit.error_type) == (500, "LookupError")
    assert (error.uid, error.type, error.route) == (unit.uid, "LookupError", "crash/")
    assert error.message == "no such account [card ****1111]"
    assert error.culprit.startswith("tests/telemetry/capture/views.py:")
    assert error.culprit.endswith(" deep")
    assert "in crash" in error.stack
    assert "in deep" in error.stack
    assert "4111111111111111" not in error.stack
    assert error.stack.startswith("Traceback (most recent call last):")


def test_it_says_whether_the_application_caught_it(
    visit: Visit, telemetry_capture: Captured
) -> None:
    visit("/crash/")
    visit("/crash/?log=1&swallow=1")
    assert [error.handled for error in telemetry_capture.errors] == [False, True]
    assert [unit.error_type for unit in telemetry_capture.requests] == ["LookupError", None]


@pytest.mark.parametrize(
    ("kind", "status"), [("403", 403), ("404", 404), ("400", 400), ("sus", 400)]
)
def test_what_is_answered_with_4xx_is_no_error(
    kind: str, status: int, visit: Visit, telemetry_capture: Captured
) -> None:
    assert visit(f"/refuse/?as={kind}").status_code == status
    assert telemetry_capture.errors == []
    assert telemetry_capture.requests[0].error_type is None
    assert telemetry_capture.logs[-1].attributes["status_code"] == status


def test_an_exception_outside_a_request_is_recorded(telemetry_capture: Captured) -> None:
    try:
        raise KeyError("late")
    except KeyError:
        log.exception("in a thread")
    (error,) = telemetry_capture.errors
    assert (error.uid, error.handled, error.message) == (None, True, "'late'")


def test_causes_are_told(telemetry_capture: Captured) -> None:
    try:
        try:
            raise OSError("root cause")
        except OSError as cause:
            raise ValueError("on top") from cause
    except ValueError:
        log.exception("both")
    assert "root cause" in telemetry_capture.errors[0].stack


def test_endless_recursion_and_long_messages_are_bounded(telemetry_capture: Captured) -> None:
    def again() -> None:
        again()

    for act in (again, lambda: (_ for _ in ()).throw(ValueError("x" * 1_000_000))):
        try:
            act()
        except Exception:
            log.exception("deep")
    for error in telemetry_capture.errors:
        assert len(error.stack) < errors.STACK_LIMIT + 300
        assert len(error.message) < 2_100


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_exception_without_a_text_is_recorded(telemetry_capture: Captured) -> None:
    def view(request: object) -> HttpResponse:
        try:
            raise Mute
        except Mute:
            log.warning("mute", exc_info=True)
        return HttpResponse()

    TelemetryMiddleware(view)(RequestFactory().get("/"))
    (error,) = telemetry_capture.errors
    assert error.message == "<Mute: str() raised RuntimeError>"
    assert error.type.endswith("test_exceptions.Mute")


def test_paths_are_told_from_the_nearest_folder(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", ["", "/site", "/site/venv/lib/site-packages"])
    errors.short_path.cache_clear()
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    try:
        assert errors.short_path("/site/pay/views.py") == "pay/views.py"
        assert errors.short_path("/site/venv/lib/site-packages/a/b.py") == "a/b.py"
        assert errors.short_path("/elsewhere/x.py") == "/elsewhere/x.py"
    finally:
        errors.short_path.cache_clear()
