"""Counters, gauges and histograms: every observation arrives once; bad ones are refused by name."""

import itertools
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

import telemetry
from telemetry.journal import events, line
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured

ROOT = Path(__file__).resolve().parents[3]
_numbers = itertools.count()


def fresh(suffix: str) -> str:
    return f"tests_metric_{next(_numbers)}_{suffix}"


def test_each_kind_is_recorded_with_its_labels(telemetry_capture: Captured) -> None:
    paid = telemetry.counter(fresh("total"), "Paid.", labels=("currency",))
    depth = telemetry.gauge(fresh("depth"), "Depth.")
    size = telemetry.histogram(fresh("bytes"), "Size.", unit="bytes")
    paid.inc(currency="EUR")
    paid.inc(2.5, currency=7)
    depth.set(-3)
    size.observe(12)
    assert telemetry_capture.samples == [
        ("c", paid.name, {"currency": "EUR"}, 1.0),
        ("c", paid.name, {"currency": "7"}, 2.5),
        ("g", depth.name, {}, -3.0),
        ("h", size.name, {}, 12.0),
    ]


def test_a_metric_is_declared_once(telemetry_capture: Captured) -> None:
    paid = telemetry.counter(fresh("total"), "Paid.", unit="1")
    paid.inc()
    paid.inc()
    declared = [e for e in telemetry_capture.events if isinstance(e, events.MetricDeclared)]
    assert [(d.type, d.name, d.unit, d.help) for d in declared] == [("c", paid.name, "1", "Paid.")]


@pytest.mark.parametrize("labels", [{}, {"currency": "EUR", "x": 1}, {"x": 1}])
def test_other_labels_than_the_declared_are_refused(labels: dict[str, Any]) -> None:
    paid = telemetry.counter(fresh("total"), "Paid.", labels=("currency",))
    with pytest.raises(ValueError, match=rf"{paid.name}: labels .* declared are \['currency'\]"):
        paid.inc(**labels)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "x", None, 10**400])
def test_what_is_no_finite_number_is_refused(value: Any, telemetry_capture: Captured) -> None:
    made: list[Callable[[Any], None]] = [
        telemetry.counter(fresh("total"), "C.").inc,
        telemetry.gauge(fresh("now"), "G.").set,
        telemetry.histogram(fresh("seconds"), "H.").observe,
    ]
    for observe in made:
        with pytest.raises(ValueError, match="tests_metric_"):
            observe(value)
    assert telemetry_capture.samples == []


def test_a_counter_only_grows() -> None:
    paid = telemetry.counter(fresh("total"), "Paid.")
    with pytest.raises(ValueError, match="amount"):
        paid.inc(-1)


def test_declared_again_it_is_the_same_and_must_be_alike() -> None:
    name = fresh("total")
    assert telemetry.counter(name, "A.") is telemetry.counter(name, "A.")
    with pytest.raises(ValueError, match="declared already"):
        telemetry.counter(name, "A.", labels=("x",))
    with pytest.raises(ValueError, match="declared already"):
        telemetry.counter(name, "A.", unit="1")
    other = fresh("depth")
    telemetry.gauge(other, "A.")
    with pytest.raises(ValueError, match="declared already"):
        telemetry.histogram(other, "A.")


def test_time_measures_blocks_and_calls_also_when_they_raise(telemetry_capture: Captured) -> None:
    timer = telemetry.histogram(fresh("seconds"), "H.", labels=("step",))

    @timer.time(step="call")
    def call() -> str:
        return "done"

    with timer.time(step="block"):
        pass
    assert (call(), call()) == ("done", "done")
    with pytest.raises(KeyError, match="own"), timer.time(step="raised"):
        raise KeyError("own")
    steps = [labels["step"] for _, _, labels, _ in telemetry_capture.samples]
    assert steps == ["block", "call", "call", "raised"]
    assert all(0 <= value < 1 for *_, value in telemetry_capture.samples)


def test_label_values_are_redacted(telemetry_capture: Captured) -> None:
    telemetry.gauge(fresh("now"), "G.", labels=("card",)).set(1, card="4111111111111111")
    assert "4111111111111111" not in str(telemetry_capture.samples)


@pytest.mark.parametrize("count", [1, 256, 257, 1_000])
def test_all_samples_of_a_request_arrive_once(count: int, telemetry_capture: Captured) -> None:
    tick = telemetry.histogram(fresh("ticks"), "T.", unit="")

    def view(request: HttpRequest) -> HttpResponse:
        for number in range(count):
            tick.observe(number)
        return HttpResponse()

    TelemetryMiddleware(view)(RequestFactory().get("/x/"))
    assert [value for *_, value in telemetry_capture.samples] == list(range(count))
    (request,) = telemetry_capture.requests
    parts = [e for e in telemetry_capture.events if isinstance(e, events.SamplesMade)]
    assert {part.uid for part in parts} <= {request.uid}


FORKING = """
import os, django
django.setup()
import telemetry
ticks = telemetry.counter("ticks_total", "Ticks.")
ticks.inc()
ticks.inc()
child = os.fork()
ticks.inc()
if child:
    os.waitpid(child, 0)
else:
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_each_writer_declares_once_also_after_a_fork(tmp_path: Path) -> None:
    env = {**os.environ, "FINTECH_DATA_DIR": str(tmp_path), "TELEMETRY_INGEST": "external"}
    command = [sys.executable, "-W", "ignore", "-c", FORKING]
    subprocess.run(command, env=env, cwd=ROOT, check=True, timeout=60)
    made = []
    for segment in (tmp_path / "journal").glob("*.seg"):
        lines = segment.read_bytes().splitlines()
        found = [events.decode(line.unpack(one)[1]) for one in lines]
        declared = sum(isinstance(event, events.MetricDeclared) for event in found)
        made.append((declared, sum(isinstance(event, events.SamplesMade) for event in found)))
    assert sorted(made) == [(1, 1), (1, 3)]
