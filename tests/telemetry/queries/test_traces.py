"""Any id that somebody holds leads to the records behind it."""

from datetime import UTC, datetime, timedelta

import pytest

from telemetry.queries import traces, transactions
from telemetry.queries.traces import Found
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PAYMENT = "0198f0c4-0000-7000-8000-00000000abcd"


@pytest.mark.parametrize(
    "asked",
    [TRACE, TRACE.upper(), f"  {TRACE} ", f"00-{TRACE}-00f067aa0ba902b7-01", "checkout 17"],
)
def test_a_trace_is_found_by_every_id_it_has(asked: str) -> None:
    factory.request(caller_trace_id=TRACE, caller_request_id="checkout 17")
    assert traces.find(asked) == Found("trace", TRACE)


def test_our_own_id_of_a_called_unit_leads_to_the_callers_trace() -> None:
    unit = factory.request(caller_trace_id=TRACE)
    assert traces.find(unit.uid) == Found("trace", TRACE)


@pytest.mark.parametrize("asked", [PAYMENT, PAYMENT.replace("-", ""), PAYMENT.upper()])
def test_a_transaction_is_found_however_its_id_is_written(asked: str) -> None:
    factory.request(transaction_id=PAYMENT)
    assert traces.find(asked) == Found("transaction", PAYMENT)
    assert len(transactions.dossier(asked).units) == 1


@pytest.mark.parametrize("asked", ["", " ", "x", "f" * 32, "f" * 5000, "\x00", "00--"])
def test_an_unknown_id_is_nothing(asked: str) -> None:
    factory.request()
    assert traces.find(asked) is None


def test_a_trace_covers_the_units_that_were_called_in_it() -> None:
    now = datetime.now(UTC)
    first = factory.request(now)
    task = factory.request(now + timedelta(seconds=1), kind=2, caller_trace_id=first.uid)
    factory.log(task, "in the task")
    factory.log(first, "in the request")
    found = traces.trace(first.uid)
    assert found is not None
    assert [unit.uid for unit in found.units] == [first.uid, task.uid]
    told = [(entry.kind, entry.offset) for entry in found.timeline.entries]
    assert told == [("unit", 0), ("log", 1_000), ("unit", 1_000_000), ("log", 1_001_000)]


def test_a_trace_of_very_many_records_says_that_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry.queries.timeline.MOST_LOGS", 3)
    unit = factory.request()
    for n in range(4):
        factory.log(unit, str(n))
    found = traces.trace(unit.uid)
    assert found is not None
    assert found.timeline.cut == ["log records"]
    assert [entry.title for entry in found.timeline.entries if entry.kind == "log"] == [
        "0",
        "1",
        "2",
    ]
