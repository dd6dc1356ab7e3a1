"""Events become rows: columns, interned texts, grouped errors, requests that died."""

import json
from pathlib import Path

import pytest

from telemetry.ingest.rows import fingerprint
from telemetry.journal import events
from telemetry.models import Error, Log, Occurrence, Request
from tests.telemetry.ingest.helpers import (
    START,
    drain,
    emit,
    emitting,
    log,
    messages,
    rows,
    uid,
    unit,
)

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])


def error(number: int, **changes: object) -> events.ErrorRaised:
    values: dict[str, object] = {
        "uid": uid(number),
        "time": START + number,
        "handled": False,
        "type": "ValueError",
        "message": f"bad value {number}",
        "culprit": "shop/views.py:12 pay",
        "route": "pay/",
        "stack": "Traceback …",
    }
    return events.ErrorRaised(**{**values, **changes})  # type: ignore[arg-type]


def test_a_request_keeps_its_facts(data_dir: Path) -> None:
    attributes = {
        "transaction.id": "t-1",
        "payment.outcome": "declined",
        "load.run_id": "run-7",
        "decline.code": "stolen_card",
    }
    emit(
        unit(
            5,
            attributes=attributes,
            caller_trace_id="ab" * 16,
            caller_span_id="cd" * 8,
            caller_request_id="edge-1",
            spans=[(10, 20, "default", "SELECT ?")],
        )
    )
    drain()
    row = Request.objects.get()
    assert (row.transaction_id, row.outcome, row.load_run_id) == ("t-1", "declined", "run-7")
    assert (row.trace_id, row.request_id, row.uid) == ("ab" * 16, "edge-1", uid(5))
    # What has a column of its own is not stored a second time.
    assert row.attributes == {"decline.code": "stolen_card"}
    assert row.route.value == "pay/"
    assert row.id >> 12 == START + 5
    assert row.process is not None
    assert row.process.pid > 0


def test_rows_are_in_order_of_time_whatever_order_they_came_in(data_dir: Path) -> None:
    emit(log(9), log(1), log(5))
    drain()
    emit(log(3))
    drain()
    assert messages() == ["record 1", "record 3", "record 5", "record 9"]


def test_texts_that_repeat_are_stored_once(data_dir: Path) -> None:
    emit(*(log(number, template="record %s") for number in range(50)))
    drain()
    names = [str(value) for (value,) in rows("SELECT value FROM telemetry_name")]
    assert sorted(names) == ["pay/", "payments", "record %s"]
    assert Log.objects.first().template.value == "record %s"  # type: ignore[union-attr]


def test_errors_of_one_place_are_one_group_whatever_the_line(data_dir: Path) -> None:
    emit(error(1), error(2, culprit="shop/views.py:14 pay"), error(3, type="KeyError"))
    drain()
    groups = {group.type: group for group in Error.objects.all()}
    assert groups["ValueError"].count == 2
    assert groups["ValueError"].message == "bad value 2"
    assert groups["KeyError"].count == 1
    assert Occurrence.objects.count() == 3


def test_errors_without_a_place_are_told_apart_by_their_message() -> None:
    one, other = error(1, culprit=""), error(2, culprit="")
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one) == fingerprint(error(1, culprit=""))


def test_a_request_that_ran_when_its_process_died_gets_a_row(data_dir: Path) -> None:
    with emitting() as sink:
        sink.emit(log(1))
        sink.board.enter(1, bytes.fromhex(uid(1)), START, "POST", "/api/transactions/")
        sink.board.enter(3, bytes.fromhex(uid(2)), START, "", "nightly_report")
        # Killed between its record and its slot: the record stands.
        sink.board.enter(1, bytes.fromhex(uid(3)), START, "GET", "/done/")
        sink.emit(unit(3))
    drain()
    died = {row.uid: row for row in Request.objects.filter(error_type__value="process_died")}
    assert died.keys() == {uid(1), uid(2)}
    assert died[uid(1)].route.value == "api/transactions/"
    assert (died[uid(1)].method, died[uid(1)].path) == ("POST", "/api/transactions/")
    assert died[uid(2)].route.value == "nightly_report"
    assert Request.objects.count() == 3


def test_a_load_run_sums_up_its_requests(data_dir: Path) -> None:
    carried = {"load.run_id": "run-1"}
    emit(*(unit(number, attributes=carried) for number in range(5)))
    drain()
    emit(unit(9, attributes=carried, status=503, error_type="503"))
    drain()
    assert rows("SELECT requests, errors, last_seen - first_seen FROM telemetry_loadrun") == [
        (6, 1, 9)
    ]


def test_odd_text_is_stored_as_it_is(data_dir: Path) -> None:
    odd = "nul \0 line\u2028 bidi \u202e emoji 🙂"
    emit(log(1, message=odd, attributes={"odd": odd}))
    drain()
    assert messages() == [odd]
    ((attributes,),) = rows("SELECT attributes FROM telemetry_log")
    assert json.loads(str(attributes)) == {"odd": odd}
