"""SQL is counted and timed; statements are kept without a value of anybody's."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import pytest
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from telemetry.capture import statements
from telemetry.capture.context import MAX_SPANS
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured
from tests.telemetry.capture import views

Visit = Callable[..., Any]
pytestmark = pytest.mark.django_db(transaction=True)


def serve(view: Callable[[HttpRequest], Any]) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        view(request)
        return HttpResponse(status=500)

    TelemetryMiddleware(answer)(RequestFactory().get("/x/"))


def test_statements_are_counted_and_timed(telemetry_capture: Captured) -> None:
    TelemetryMiddleware(views.ask)(RequestFactory().get("/ask/"))
    (found,) = telemetry_capture.requests
    assert found.db_count == 2
    assert found.duration is not None
    assert 0 < found.db_time <= found.duration


def test_no_value_is_in_a_statement(telemetry_capture: Captured) -> None:
    TelemetryMiddleware(views.ask)(RequestFactory().get("/ask/?status=500"))
    (found,) = telemetry_capture.requests
    assert found.spans is not None
    assert [span[2:] for span in found.spans] == [
        ("default", "SELECT ?, ? WHERE %s = ?"),
        ("default", "SELECT ?"),
    ]
    assert all(began >= 0 and spent >= 0 for began, spent, *_ in found.spans)


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ("SELECT 'it''s secret', 1.5, x1 FROM t2", "SELECT ?, ?, x1 FROM t2"),
        ("SELECT '" + "secret" * 1_000, "SELECT ?"),
        ("SELECT 1e10, 0xBEEF", "SELECT ?, ?"),
        ("SELECT $$secret$$, $t$it's$t$", "SELECT ?, ?"),
        ('SELECT "accounts"."id" FROM "accounts"', 'SELECT "accounts"."id" FROM "accounts"'),
    ],
)
def test_the_shape_of_a_statement(sql: str, shape: str) -> None:
    assert statements.shape(sql) == shape


def test_a_statement_that_is_no_text_does_not_lose_the_record(telemetry_capture: Captured) -> None:
    class Composed:
        def __repr__(self) -> str:
            return "Composed([SQL('SELECT '), Literal('secret')])"

    def view(request: HttpRequest) -> None:
        from telemetry.capture import sql

        sql.observe(lambda *args: None, Composed(), None, False, {"connection": connection})  # type: ignore[arg-type]

    serve(view)
    (found,) = telemetry_capture.requests
    assert found.db_count == 1
    assert "secret" not in str(found.spans)


def test_many_rows_are_one_statement_and_a_refused_one_counts(telemetry_capture: Captured) -> None:
    def view(request: HttpRequest) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE numbers (n)")
            cursor.executemany("INSERT INTO numbers VALUES (%s)", [(1,), (2,), (3,)])
            with pytest.raises(Exception, match="no such table"):
                cursor.execute("SELECT * FROM nowhere")
            cursor.execute("DROP TABLE numbers")

    serve(view)
    assert telemetry_capture.requests[0].db_count == 4


@pytest.mark.parametrize("number", [4, 5, 6, 499, 500, 501, 505])
def test_statements_are_kept_up_to_a_number_and_counted_beyond(
    number: int, telemetry_capture: Captured
) -> None:
    def view(request: HttpRequest) -> None:
        with connection.cursor() as cursor:
            for _ in range(number):
                cursor.execute("SELECT 1")

    serve(view)
    (unit,) = telemetry_capture.requests
    assert unit.db_count == number
    assert unit.spans is not None
    assert len(unit.spans) == min(number, MAX_SPANS)


def test_threads_with_the_context_are_counted_and_others_are_not(
    telemetry_capture: Captured,
) -> None:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connections.close_all()

    def view(request: HttpRequest) -> None:
        threads = [
            threading.Thread(target=copy_context().run, args=(ask,)),
            threading.Thread(target=ask),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    serve(view)
    spans = telemetry_capture.requests[0].spans
    assert spans is not None
    assert [span[3] for span in spans if span[3] == "SELECT ?"] == ["SELECT ?"]


@pytest.mark.django_db(transaction=True, databases=["default", "telemetry"])
def test_our_own_database_is_not_watched(telemetry_capture: Captured) -> None:
    def view(request: HttpRequest) -> None:
        with connections["telemetry"].cursor() as cursor:
            cursor.execute("SELECT 1")

    serve(view)
    assert telemetry_capture.requests[0].db_count == 0
