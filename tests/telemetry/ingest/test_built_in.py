"""What ingest counts and times by itself, from the records of requests and tasks."""

import os
import signal
from pathlib import Path

import pytest

from telemetry.ingest import builtin
from tests.telemetry.ingest.built_in import answering, did
from tests.telemetry.ingest.helpers import drain, emit, rows, unit

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])


def test_requests_by_status_and_those_without_an_answer(data_dir: Path) -> None:
    emit(unit(1), unit(2, status=503, error_type="503"), unit(3, status=None), unit(4, status=404))
    drain()
    counted = {labels["status"]: count for labels, count, _ in did(builtin.HTTP_COUNT)}
    assert counted == {"201": 1, "503": 1, "none": 1, "404": 1}


def test_a_request_whose_worker_was_killed_is_counted_as_died(data_dir: Path) -> None:
    worker = answering(data_dir)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    drain()
    (found,) = did(builtin.HTTP_COUNT)
    assert found == ({"method": "GET", "route": "(unmatched)", "status": "died"}, 1, 1)
    # Nobody knows how long it took.
    assert did(builtin.HTTP_DURATION) == []


def test_sql_is_counted_and_timed_by_route_and_kind(data_dir: Path) -> None:
    emit(
        unit(1, db_count=3, db_time=400_000),
        unit(2, db_count=5, db_time=100_000),
        unit(3, db_count=0, db_time=0, route="plain/"),
        unit(4, kind=2, route="tasks.send", db_count=7, db_time=1_000_000),
        unit(5, is_self=True, db_count=9),
    )
    drain()
    request, task = {"kind": "request", "route": "pay/"}, {"kind": "task", "route": "tasks.send"}
    assert did(builtin.DB_COUNT) == [(request, 2, 8), (task, 1, 7)]
    assert did(builtin.DB_TIME) == [(request, 2, pytest.approx(0.5)), (task, 1, 1.0)]
    by_kind = [({"kind": "request"}, 2, pytest.approx(0.5)), ({"kind": "task"}, 1, 1.0)]
    assert did(builtin.DB_UNIT_TIME) == by_kind


def test_tasks_by_name_and_outcome(data_dir: Path) -> None:
    emit(
        unit(1_000, kind=2, route="tasks.send", duration=2_000_000),
        unit(2, kind=2, route="tasks.send", error_type="LookupError", duration=500_000),
        unit(3, kind=3, route="a_command"),
    )
    drain()
    failed, done = ({"outcome": each, "task": "tasks.send"} for each in ("failure", "success"))
    assert did(builtin.TASK_COUNT) == [(failed, 1, 1), (done, 1, 1)]
    assert did(builtin.TASK_DURATION) == [(failed, 1, 0.5), (done, 1, 2.0)]


def test_waits_for_a_worker_and_telemetrys_own_time(data_dir: Path) -> None:
    emit(unit(1, queue_time=30_000, overhead=80), unit(2, queue_time=None), unit(3, queue_time=0))
    drain()
    assert did(builtin.HTTP_QUEUE) == [({}, 2, pytest.approx(0.03))]
    assert did(builtin.OVERHEAD) == [({}, 1, pytest.approx(0.00008))]
    assert rows("SELECT queue_time FROM telemetry_request ORDER BY id") == [
        (30_000,),
        (None,),
        (0,),
    ]


def test_each_says_what_it_is(data_dir: Path) -> None:
    emit(unit(1, queue_time=1, overhead=1), unit(2, kind=2))
    drain()
    found = rows("SELECT name, type, unit, help FROM telemetry_metric")
    declared = {str(name): tuple(rest) for name, *rest in found}
    assert declared.items() >= builtin.FROM_RECORDS.items()
