"""What repeats is stored once: numbers for texts and series, bound fields where they change."""

import json
from pathlib import Path
from typing import Any

import pytest

from telemetry.ingest import names
from telemetry.ingest.rows import Keys, Rows
from telemetry.journal import events
from telemetry.models import Log, Name, Request
from tests.telemetry.ingest.helpers import START, drain, emit, log, rows, uid, unit
from tests.telemetry.retention.helpers import store

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])

STATEMENT = 'SELECT "id" FROM "account" WHERE "id" = %s'


def text(number: int) -> str:
    return Name.objects.get(pk=number).value


def test_what_is_absent_is_null(data_dir: Path) -> None:
    emit(unit(1, user_id=None), log(1, template=None, attributes={}))
    drain()
    absent = (
        *("caller_trace_id", "caller_span_id", "caller_request_id", "outcome", "transaction_id"),
        *("load_run_id", "user_id", "error_type_id", "client_address", "user_agent_id", "weight"),
        *("request_size", "response_size", "overhead", "repeated", "attributes", "metrics"),
        *("spans",),
    )
    (found,) = rows(f"SELECT {', '.join(absent)} FROM telemetry_request")
    assert dict(zip(absent, found, strict=True)) == dict.fromkeys(absent)
    assert rows("SELECT template_id, code_id, weight, attributes, bound FROM telemetry_log") == [
        (None,) * 5
    ]
    assert rows("SELECT typeof(uid) FROM telemetry_request") == [("blob",)]


def test_a_requests_sizes_client_weight_and_overhead_are_columns(data_dir: Path) -> None:
    facts: dict[str, Any] = {
        "client_address": "203.0.113.0",
        "request_size": 0,
        "response_size": 812,
        "weight": 20.0,
        "overhead": 61,
    }
    emit(unit(1, user_agent="curl/8", **facts), unit(2, user_agent="curl/8"))
    drain()
    first, second = Request.objects.order_by("id")
    assert {name: getattr(first, name) for name in facts} == facts
    assert first.user_agent.value == "curl/8"
    assert first.user_agent_id == second.user_agent_id
    assert first.attributes is None


def test_a_writer_that_had_no_fields_for_them_fills_the_same_columns(data_dir: Path) -> None:
    given = {
        "client.address": "203.0.113.0",
        "user_agent.original": "curl/8",
        "http.request.body.size": "many",
        "http.response.body.size": 5,
        "url.query": "a=1",
    }
    emit(unit(1, attributes=given))
    drain()
    row = Request.objects.get()
    assert (row.client_address, row.user_agent.value) == ("203.0.113.0", "curl/8")
    assert (row.request_size, row.response_size) == (None, 5)
    assert row.attributes == {"url.query": "a=1", "http.request.body.size": "many"}


def test_samples_refer_to_their_series(data_dir: Path) -> None:
    sample = ("c", "paid_total", {"currency": "EUR"}, 2.0)
    timing = ("h", "gateway_seconds", {}, 0.25)
    emit(unit(1, metrics=[sample, timing]), unit(2, metrics=[sample]))
    drain()
    first, second = Request.objects.order_by("id")
    series = dict(
        rows(
            "SELECT m.name, s.id FROM telemetry_series s JOIN telemetry_metric m"
            " ON m.id = s.metric_id"
        )
    )
    assert first.metrics == [series["paid_total"], 2.0, series["gateway_seconds"], 0.25]
    assert second.metrics == [series["paid_total"], 2.0]


def test_statement_shapes_are_stored_once(data_dir: Path) -> None:
    spans = [(10, 20, "default", STATEMENT), (40, 20, "default", STATEMENT)]
    repeated = events.Repeated(STATEMENT, 12, 3_400, "shop/views.py:12 pay")
    emit(unit(1, spans=spans, repeated=repeated))
    drain()
    row = Request.objects.get()
    assert [span[:2] for span in row.spans] == [[10, 20], [40, 20]]
    assert {(text(alias), text(shape)) for _, _, alias, shape in row.spans} == {
        ("default", STATEMENT)
    }
    shape, count, time, code = row.repeated
    assert (text(shape), count, time, text(code)) == (STATEMENT, 12, 3_400, "shop/views.py:12 pay")


def test_strangers_cannot_fill_the_names(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emit(unit(1, user_agent="known"))
    drain()
    monkeypatch.setattr(names, "SHARED_LIMIT", Name.objects.count())
    spans = [(10, 20, "pay/", STATEMENT)]
    emit(unit(2, user_agent="flood 1", spans=spans), unit(3, user_agent="known"))
    drain()
    _, flood, known = Request.objects.order_by("id")
    assert (flood.user_agent_id, flood.attributes) == (None, {"user_agent.original": "flood 1"})
    assert flood.spans[0][3] == STATEMENT
    assert known.user_agent.value == "known"
    assert not Name.objects.filter(value__in=["flood 1", STATEMENT]).exists()


def test_the_place_of_a_log_call_is_stored_once(data_dir: Path) -> None:
    emit(*(log(number, code="shop/views.py:12 pay", weight=8.0) for number in range(3)))
    drain()
    assert {row.code_id for row in Log.objects.all()} == {
        Name.objects.get(value__contains=":12").id
    }
    assert [row.weight for row in Log.objects.all()] == [8.0] * 3


def bound_column() -> list[object]:
    found = rows("SELECT bound FROM telemetry_log ORDER BY id")
    return [None if value is None else json.loads(str(value)) for (value,) in found]


def record(number: int, of: int, **bound: Any) -> events.LogMade:
    return log(number, uid=uid(of), bound=bound)


def test_bound_fields_are_stored_where_they_change(data_dir: Path) -> None:
    emit(
        record(1, 900),
        record(2, 900, order=7),
        record(3, 901, order=8),
        record(4, 900, order=7),
        record(5, 900, order=7, outcome="paid"),
        record(6, 900),
        record(7, 900),
    )
    drain()
    paid = {"order": 7, "outcome": "paid"}
    assert bound_column() == [None, {"order": 7}, {"order": 8}, None, paid, {}, None]


def test_bound_fields_are_stored_again_after_a_batch_that_was_refused(data_dir: Path) -> None:
    poison = unit(3, db_count=1 << 63)
    emit(record(1, 900, order=7), record(2, 900, order=7), poison)
    drain()
    assert rows("SELECT count(*) FROM telemetry_quarantine") == [(1,)]
    # What the refused transaction had noted is not in the store.
    assert bound_column()[0] == {"order": 7}


def test_rows_go_in_by_key_whatever_order_they_were_read_in(data_dir: Path) -> None:
    inserted: list[list[int]] = []

    class Inserts:
        def executemany(self, sql: str, given: Any) -> None:
            if "telemetry_log" in sql:
                inserted.append([row[0] >> 12 for row in given])

    batch = Rows(store(), names.Names(), Keys())
    for number in (9, 1, 5):
        batch.add(log(number), 1)
    batch.db = Inserts()  # type: ignore[assignment]
    batch.write()
    assert inserted == [[START + 1, START + 5, START + 9]]
