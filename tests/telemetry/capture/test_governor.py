"""Telemetry measures what it costs, and keeps less detail where that is more than it may be."""

import logging
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from telemetry.capture import context, governor, logs, sql, units
from telemetry.capture.governor import FULL, NO_DEBUG, NO_SPANS, Governor
from telemetry.journal.board import Board
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured

CHEAP, DEAR = 20_000, 900_000


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Governor:
    """A governor of this test alone."""
    made = Governor()
    for module in (governor, units, sql, logs):
        monkeypatch.setattr(module, "governor", made)
    return made


def note(own: Governor, nanoseconds: int, times: int = 40) -> None:
    for _ in range(times):
        own.note(nanoseconds, None)


def test_detail_is_stepped_down_while_it_costs_more_than_the_budget() -> None:
    own = Governor()
    note(own, CHEAP)
    assert own.step == FULL
    note(own, DEAR, 40)
    assert own.step > FULL
    note(own, DEAR, 400)
    assert own.step == NO_DEBUG


def test_a_single_dear_unit_changes_nothing() -> None:
    own = Governor()
    note(own, CHEAP)
    own.note(3_000_000, None)
    note(own, CHEAP, 3)
    assert own.step == FULL


def test_it_is_stepped_up_again_after_a_calm_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(governor, "monotonic", lambda: now[0])
    own = Governor()
    note(own, DEAR, 20)
    assert own.step == NO_SPANS
    note(own, CHEAP, 100)
    assert own.step == NO_SPANS
    now[0] += 31
    note(own, CHEAP)
    assert own.step == FULL


def test_the_budget_is_a_setting() -> None:
    own = Governor()
    with override_settings(TELEMETRY={"OVERHEAD_BUDGET": 10}):
        note(own, CHEAP)
    assert own.step > FULL


def test_the_board_says_what_was_measured_and_which_step_it_is() -> None:
    own, board = Governor(), Board(None)
    for _ in range(20):
        own.note(DEAR, board)
    found = board.snapshot()
    assert (found.measured, found.measured_time) == (20, 20 * DEAR // 1000)
    assert found.detail_step == own.step == NO_SPANS


def serve(times: int) -> None:
    log = logging.getLogger("tests.governor")
    log.setLevel(logging.DEBUG)

    def view(request: HttpRequest) -> HttpResponse:
        log.debug("a detail")
        log.info("said")
        log.warning("warned")
        execution: dict[str, Any] = {"connection": type("C", (), {"alias": "default"})}
        sql.observe(lambda *args: None, "SELECT 1", None, False, execution)
        return HttpResponse(status=500)

    try:
        for _ in range(times):
            TelemetryMiddleware(view)(RequestFactory().get("/x/"))
    finally:
        log.setLevel(logging.NOTSET)


def test_one_in_sixteen_is_measured_and_says_what_telemetry_spent(
    own: Governor, telemetry_capture: Captured
) -> None:
    serve(32)
    measured = [unit for unit in telemetry_capture.requests if unit.overhead is not None]
    assert len(measured) == 2
    # The first one opens files and fills caches.
    assert telemetry_capture.requests[0].overhead is None
    for unit in measured:
        assert unit.overhead is not None
        assert unit.duration is not None
        assert unit.overhead > 0


@pytest.mark.django_db
def test_a_step_that_is_taken_while_a_unit_runs_counts_within_a_few_statements(
    own: Governor, telemetry_capture: Captured
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            for step in (FULL, NO_SPANS, FULL):
                own.step = step
                for _ in range(20):
                    cursor.execute("SELECT 1")
        return HttpResponse(status=500)

    TelemetryMiddleware(view)(RequestFactory().get("/x/"))
    (unit,) = telemetry_capture.requests
    assert unit.db_count == 60
    assert unit.spans is not None
    assert len(unit.spans) <= 40 + context.FEWEST


@pytest.mark.parametrize("step", [FULL, NO_SPANS, NO_DEBUG])
def test_counts_and_graver_records_are_never_stepped_down(
    step: int, own: Governor, telemetry_capture: Captured
) -> None:
    own.step = step
    serve(1)
    (unit,) = telemetry_capture.requests
    assert (unit.db_count, unit.log_count, unit.level) == (1, 3, 30)
    assert (unit.spans is not None) == (step == FULL)
    messages = {made.message for made in telemetry_capture.logs}
    assert messages >= {"said", "warned"}
    assert ("a detail" in messages) == (step < NO_DEBUG)
