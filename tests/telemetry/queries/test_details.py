"""From event to what pages show: nothing is lost on the way through the compact columns."""

from pathlib import Path
from typing import Any

import pytest

from telemetry.journal import events
from telemetry.models import Log
from telemetry.queries import logs, requests, traces
from telemetry.queries.filters import REQUEST_FIELDS, parse
from telemetry.queries.paging import Cursor
from telemetry.queries.requests import Repeated
from telemetry.queries.units import Unit
from tests.telemetry import factory
from tests.telemetry.ingest.conftest import data_dir
from tests.telemetry.ingest.helpers import drain, emit, log, uid, unit

__all__ = ["data_dir"]

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)

STATEMENT = 'SELECT "id" FROM "account" WHERE "id" = %s'


def stored(number: int, **changes: Any) -> Unit:
    emit(unit(number, **changes))
    drain()
    found = traces.trace(uid(number))
    assert found is not None
    return found.units[0]


def test_columns_are_attributes_under_opentelemetrys_names(data_dir: Path) -> None:
    bound = {"transaction.id": "t-1", "payment.outcome": "paid", "load.run_id": "r", "x": 1}
    found = stored(
        1, attributes=bound, client_address="203.0.113.0", user_agent="curl/8", request_size=0,
        response_size=812, weight=20.0, overhead=61,
    )  # fmt: skip
    assert found.attributes == {
        **bound,
        "client.address": "203.0.113.0",
        "user_agent.original": "curl/8",
        "http.request.body.size": 0,
        "http.response.body.size": 812,
    }
    assert (found.weight, found.overhead) == (20.0, 61)


def test_samples_and_statements_are_told_in_full(data_dir: Path) -> None:
    metrics = [("c", "paid_total", {"currency": "EUR"}, 2.0), ("h", "ask_seconds", {}, 0.25)]
    spans = [(10, 20, "default", STATEMENT), (50, 5, "default", "SELECT 1")]
    found = stored(1, metrics=metrics, spans=spans)
    assert [tuple(sample) for sample in found.metrics] == metrics
    assert [tuple(span) for span in found.spans or ()] == spans


def test_a_repeated_statement_is_told_with_its_place(data_dir: Path) -> None:
    found = stored(1, repeated=events.Repeated(STATEMENT, 12, 3_400, "shop/views.py:12 pay"))
    assert found.repeated == Repeated(STATEMENT, 12, 3_400, "shop/views.py:12 pay")
    assert stored(2, repeated=events.Repeated(STATEMENT, 12, 3_400, None)).repeated == Repeated(
        STATEMENT, 12, 3_400, None
    )


def listed(**params: str) -> list[str]:
    parsed = parse(params, REQUEST_FIELDS)
    assert not parsed.errors
    return [row.uid for row in requests.page(parsed.filters, Cursor()).rows]


def test_requests_that_repeat_a_statement_can_be_listed(data_dir: Path) -> None:
    repeated = events.Repeated(STATEMENT, 12, 3_400, None)
    emit(
        unit(1, repeated=repeated), unit(2), unit(3, repeated=repeated, error_type="ValueError"),
        unit(4, error_type="ValueError"),
    )  # fmt: skip
    drain()
    assert listed(repeated="1") == [uid(3), uid(1)]
    assert listed(repeated="1", error="any") == [uid(3)]
    assert len(listed(repeated="0")) == 4


@pytest.mark.parametrize("text", ["Fancy", "203.0.113", "t-17", "declined", "run-7", "a=b"])
def test_text_search_finds_what_has_a_column_of_its_own(text: str, data_dir: Path) -> None:
    bound = {"transaction.id": "t-17", "payment.outcome": "declined", "load.run_id": "run-7"}
    emit(
        unit(1, attributes={**bound, "url.query": "a=b"}, user_agent="fancy/2",
             client_address="203.0.113.0"),
        unit(2, user_agent="plain/1"),
    )  # fmt: skip
    drain()
    assert listed(q=text) == [uid(1)]


def test_records_carry_what_was_bound_before_them(data_dir: Path) -> None:
    def record(number: int, of: int, **bound: Any) -> events.LogMade:
        own = {"n": number, "shared": "own"} if number == 3 else {"n": number}
        return log(number, uid=uid(of), attributes=own, bound=bound)

    emit(
        record(1, 900), record(2, 900, order=7), record(3, 900, order=7, shared="bound"),
        record(4, 901, order=8), record(5, 900, order=7, shared="bound"), record(6, 900),
    )  # fmt: skip
    drain()
    shared = {"order": 7, "shared": "bound"}
    expected = [
        {"n": 1}, {"order": 7, "n": 2}, {**shared, "n": 3, "shared": "own"}, {"order": 8, "n": 4},
        {**shared, "n": 5}, {"n": 6},
    ]  # fmt: skip
    page = logs.page(parse({}, ()).filters, Cursor())
    assert [row.attributes for row in reversed(page.rows)] == expected
    trace = traces.trace(uid(900))
    assert trace is not None
    mine = [expected[number] for number in (0, 1, 2, 4, 5)]
    assert [entry.attributes for entry in trace.timeline.entries] == mine


def test_a_list_that_begins_in_the_middle_of_a_unit_knows_what_was_bound(data_dir: Path) -> None:
    emit(*(log(number, uid=uid(900), bound={"order": 7}) for number in range(5)))
    drain()
    last = Log.objects.order_by("-id")[0].id
    page = logs.page(parse({}, ()).filters, Cursor(after=last - 1))
    assert [row.attributes["order"] for row in page.rows] == [7]


def test_the_place_of_a_log_call_and_its_weight_are_told(data_dir: Path) -> None:
    emit(log(1, code="shop/views.py:12 pay", weight=8.0))
    drain()
    (row,) = logs.page(parse({}, ()).filters, Cursor()).rows
    assert (row.code, row.weight) == ("shop/views.py:12 pay", 8.0)


def test_values_of_the_first_version_are_read_as_before() -> None:
    one = factory.request(
        attributes={"user_agent.original": "curl/8", "client.address": "203.0.113.0"},
        metrics=[["c", "paid_total", {"currency": "EUR"}, 1.0]],
        spans=[[500, 900, "default", "SELECT 1"]],
    )
    trace = traces.trace(one.uid)
    assert trace is not None
    (found,) = trace.units
    assert found.attributes["user_agent.original"] == "curl/8"
    assert [tuple(sample) for sample in found.metrics] == [
        ("c", "paid_total", {"currency": "EUR"}, 1.0)
    ]
    assert found.spans == [[500, 900, "default", "SELECT 1"]]


def test_a_unit_is_found_by_its_id_though_its_row_was_moved_up(data_dir: Path) -> None:
    # Its microseconds were full: ingest moves a row by as much as 311.
    own = unit(1)
    moved = factory.request(uid=own.uid, id=(own.start + 311 << 12) + 9)
    trace = traces.trace(own.uid)
    assert trace is not None
    assert [found.id for found in trace.units] == [moved.id]


@pytest.mark.parametrize("digits", ["f" * 32, "0" * 31 + "1", "8" + "0" * 31])
def test_an_id_of_no_possible_time_is_not_found(digits: str) -> None:
    assert traces.trace(digits) is None
