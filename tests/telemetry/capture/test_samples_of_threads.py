"""Threads that share a unit of work: each sample is written once, also as the unit ends."""

import contextvars
import threading
from collections import Counter
from typing import Any

import pytest

import telemetry
from telemetry.capture import context, metrics, units
from telemetry.capture.context import MAX_SAMPLES, Unit
from telemetry.journal import events
from telemetry.testing import Captured


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_declared", {})


@pytest.fixture
def unit(telemetry_capture: Captured) -> Any:
    unit = Unit(context.COMMAND)
    token = units.begin(unit)
    yield unit
    context.current.reset(token)


class Ending(str):
    """A label's value that ends the unit in the middle of an observation, as a thread might."""

    unit: Unit

    def __hash__(self) -> int:
        units.end(self.unit)
        return super().__hash__()


def test_an_observation_during_which_the_unit_ends_is_not_lost(
    unit: Unit, telemetry_capture: Captured
) -> None:
    sold = telemetry.counter("sold_total", "", labels=["shop"])
    sold.inc(shop="a")
    label = Ending("a")
    label.unit = unit
    sold.inc(shop=label)
    assert unit.ended
    assert [sample[1] for sample in telemetry_capture.samples] == ["sold_total"] * 2
    late = [event for event in telemetry_capture.events if isinstance(event, events.SamplesMade)]
    assert [(event.uid, len(event.samples)) for event in late] == [(unit.uid, 1)]


def test_a_full_unit_that_ends_meanwhile_is_written_once(
    unit: Unit, telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(list[events.Sample]):
        def __len__(self) -> int:
            units.end(unit)
            return super().__len__()

    sold = telemetry.counter("sold_total", "")
    for _ in range(MAX_SAMPLES):
        sold.inc()
    unit.samples = Full(unit.samples)
    # The first look at its length is the fast path's; either way it ends in between.
    sold.inc()
    assert len(telemetry_capture.samples) == MAX_SAMPLES + 1


def test_threads_of_a_unit_that_ends_while_they_observe(
    unit: Unit, telemetry_capture: Captured
) -> None:
    sold = telemetry.counter("sold_total", "", labels=["thread"])
    each, ended = 3_000, threading.Event()

    def sell(number: int) -> None:
        for n in range(each):
            if n == each // 2 and number == 0:
                units.end(unit)
                ended.set()
            sold.inc(thread=str(number))

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(sell, number))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = Counter(labels["thread"] for _, _, labels, _ in telemetry_capture.samples)
    assert ended.is_set()
    assert found == {str(number): each for number in range(4)}
