"""A statement that one unit runs again and again is named, with the line that runs it (N+1)."""

from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from telemetry.capture import statements
from telemetry.capture.context import HTTP, Unit
from telemetry.journal import events
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured

MILLISECOND = 1_000_000


def unit_with(*spans: tuple[str, int]) -> Unit:
    """A unit that ran these statements, each for so many nanoseconds."""
    unit = Unit(HTTP)
    unit.spans = [(unit.start_ns, spent, "default", sql) for sql, spent in spans]
    unit.db_count = len(spans)
    return unit


def found(unit: Unit, duration: int = 1_000_000) -> tuple[str, int] | None:
    made = statements.repeated(unit, duration)
    return None if made is None else (made.statement, made.count)


def test_ten_of_one_shape_are_a_repetition_and_nine_are_not() -> None:
    sql = "SELECT name FROM account WHERE id = %s"
    assert found(unit_with(*[(sql, 1_000)] * 9)) is None
    assert found(unit_with(*[(sql, 1_000)] * 10)) == (sql, 10)


def test_five_that_take_a_quarter_of_the_time_are_one_too() -> None:
    sql = "SELECT name FROM account WHERE id = %s"
    slow = unit_with(*[(sql, 50 * MILLISECOND)] * 5)
    assert found(slow, duration=1_000_000) == (sql, 5)
    assert found(slow, duration=1_000_001) is None
    assert found(unit_with(*[(sql, 100 * MILLISECOND)] * 4)) is None


def test_texts_that_differ_in_their_values_are_one_shape() -> None:
    many = [(f"SELECT name FROM account WHERE id = {number}", 1_000) for number in range(10)]
    assert found(unit_with(*many)) == ("SELECT name FROM account WHERE id = ?", 10)


def test_of_two_that_repeat_the_one_that_took_longer_is_named() -> None:
    unit = unit_with(*[("SELECT 'a'", 1_000)] * 20, *[("SELECT b", 9_000)] * 10)
    assert found(unit) == ("SELECT b", 10)


def test_a_shape_that_begins_to_repeat_late_is_named_with_its_line(
    db: None, telemetry_capture: Captured
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            for number in range(33):
                cursor.execute(f"SELECT 1 AS n{number}x")
            for number in range(12):
                cursor.execute("SELECT %s", [number])
        return HttpResponse()

    TelemetryMiddleware(view)(RequestFactory().get("/"))
    (unit,) = telemetry_capture.requests
    assert isinstance(unit.repeated, events.Repeated)
    assert (unit.repeated.statement, unit.repeated.count) == ("SELECT %s", 12)
    assert unit.repeated.code is not None
    assert unit.repeated.code.endswith(" view")


def repeat(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        for number in range(int(request.GET["times"])):
            cursor.execute("SELECT %s", [number])  # here
    return HttpResponse()


@pytest.mark.django_db
@pytest.mark.parametrize(("times", "expected"), [(9, None), (12, 12)])
def test_a_request_is_marked_with_the_shape_and_the_line(
    times: int, expected: int | None, telemetry_capture: Captured
) -> None:
    # A quarter of the time of a request that does nothing else is soon taken.
    TelemetryMiddleware(_padded)(RequestFactory().get(f"/?times={times}"))
    (unit,) = telemetry_capture.requests
    assert unit.db_count == times
    if expected is None:
        assert unit.repeated is None
        return
    assert isinstance(unit.repeated, events.Repeated)
    assert (unit.repeated.statement, unit.repeated.count) == ("SELECT %s", expected)
    assert 0 <= unit.repeated.time <= unit.db_time
    code = repeat.__code__
    line = code.co_firstlineno + 3
    assert unit.repeated.code == (
        f"tests/telemetry/capture/test_repeated_statements.py:{line} repeat"
    )


def _padded(request: HttpRequest) -> Any:
    import time

    time.sleep(0.05)
    return repeat(request)


def test_a_fault_while_looking_does_not_reach_the_application(
    telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    from telemetry.capture import sql

    def broken(*args: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(statements, "note_caller", broken)
    monkeypatch.setattr("telemetry.capture.faults._last", {})

    def view(request: HttpRequest) -> HttpResponse:
        for _ in range(6):
            sql.observe(lambda *args: None, "SELECT 1", None, False, {"connection": connection})
        return HttpResponse()

    assert TelemetryMiddleware(view)(RequestFactory().get("/")).status_code == 200  # type: ignore[union-attr]
    assert telemetry_capture.requests[0].db_count == 6
