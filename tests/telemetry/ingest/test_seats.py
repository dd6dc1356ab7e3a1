"""Ingest takes the processors that nobody wants, and its share where there are none of those."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from telemetry.ingest import notices, seats
from telemetry.retention import upkeep

needs_back_seat = pytest.mark.skipif(
    not hasattr(os, "SCHED_IDLE"), reason="the system has no idle scheduling"
)
Stop = Callable[[], bool]


class Ingester:
    """Notes where it sits, `turns` times and at last in the seat that `wait` has last; so many
    seconds pass there between two questions whether to stop."""

    def __init__(self, turns: int, wait: dict[str, float]) -> None:
        self.turns = turns
        self.wait = wait
        self.last = list(wait)[-1]
        # (seat, records a batch)
        self.sat: list[tuple[str, int | None]] = []

    def asked(self) -> bool:
        return len(self.sat) >= self.turns

    def serve(self, should_stop: Stop, batch: int | None) -> None:
        is_main = threading.current_thread() is threading.main_thread()
        seat = "front" if is_main else "back"
        if not is_main:
            assert os.sched_getscheduler(0) == os.SCHED_IDLE
            assert os.sched_getscheduler(os.getpid()) == os.SCHED_OTHER
        while not should_stop():
            time.sleep(self.wait[seat])
            if seat == self.last and len(self.sat) == self.turns - 1:
                break
        self.sat.append((seat, batch))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(notices, "say", found.append)
    monkeypatch.setattr(seats, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(seats, "PATIENCE", 0.1)
    # The machine that tests is a busy one.
    monkeypatch.setattr(seats, "_at_work_and_ready", lambda: (0, 0))
    return found


@needs_back_seat
def test_it_begins_in_front_and_goes_to_the_back(said: list[str]) -> None:
    ingester = Ingester(2, {"front": 0.01, "back": 0.01})
    seats.take_turns(ingester.serve, ingester.asked)
    assert ingester.sat == [("front", None), ("back", seats.BATCH)]
    assert said == []


@needs_back_seat
def test_who_is_kept_waiting_in_the_back_sits_in_front_for_a_time(said: list[str]) -> None:
    ingester = Ingester(6, {"front": 0.005, "back": 0.15})
    seats.take_turns(ingester.serve, ingester.asked)
    assert [seat for seat, _ in ingester.sat] == ["front", "back"] * 3
    assert len(said) == 2
    assert "kept waiting" in said[0]


@needs_back_seat
def test_it_stays_in_front_while_others_want_the_processors(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # (worked, waited) at the beginning and at each look.
    looks = iter([(10, 10), (11, 19), (21, 50), (30, 60), (30, 60)])
    asked = []

    def look() -> tuple[int, int]:
        asked.append(1)
        return next(looks)

    monkeypatch.setattr(seats, "_at_work_and_ready", look)
    ingester = Ingester(2, {"front": 0.01, "back": 0.01})
    seats.take_turns(ingester.serve, ingester.asked)
    assert [seat for seat, _ in ingester.sat] == ["front", "back"]
    assert len(asked) == 4


@needs_back_seat
def test_the_system_says_how_long_this_thread_worked_and_waited() -> None:
    if not seats._SCHEDSTAT.exists():
        pytest.skip("this kernel does not say it")
    worked, waited = seats._at_work_and_ready()
    end = time.thread_time() + 0.02
    while time.thread_time() < end:
        """At work."""
    after = seats._at_work_and_ready()
    assert 15_000_000 < after[0] - worked < 100_000_000
    assert after[1] >= waited


def test_a_kernel_that_does_not_say_it_is_no_crowded_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(seats, "_SCHEDSTAT", tmp_path / "none")
    monkeypatch.setattr(seats, "LOOK_SECONDS", 0.05)
    crowd = seats.Crowd()
    assert not crowd.has_gone()
    time.sleep(0.06)
    assert crowd.has_gone()
    # For good: a pause asks, and then the loop round it.
    assert crowd.has_gone()


@needs_back_seat
def test_what_goes_wrong_in_the_back_is_not_lost(said: list[str]) -> None:
    def serve(should_stop: Stop, batch: int | None) -> None:
        if batch is not None:
            raise OSError("no such journal")
        while not should_stop():
            time.sleep(0.01)

    with pytest.raises(OSError, match="no such journal"):
        seats.take_turns(serve, lambda: False)


def test_without_idle_scheduling_it_sits_in_front(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "SCHED_IDLE", raising=False)
    ingester = Ingester(1, {"front": 0.01})
    seats.take_turns(ingester.serve, ingester.asked)
    assert ingester.sat == [("front", None)]


@needs_back_seat
def test_where_it_is_forbidden_the_back_is_as_good_as_the_front(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    sat: list[int | None] = []

    def serve(should_stop: Stop, batch: int | None) -> None:
        sat.append(batch)
        while batch is None and not should_stop():
            time.sleep(0.01)

    seats.take_turns(serve, lambda: False)
    assert sat == [None, seats.BATCH]


def test_retention_has_a_turn_in_front_even_if_no_stay_in_the_back_lasts() -> None:
    # Each seat has a worker of its own, whose retention begins after a while.
    assert seats.LOOK_SECONDS >= 2 * upkeep.FIRST_SECONDS


def test_a_wait_is_what_passes_without_work(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = {"monotonic": 100.0, "thread_time": 3.0}
    monkeypatch.setattr(
        seats,
        "time",
        SimpleNamespace(
            monotonic=lambda: clocks["monotonic"], thread_time=lambda: clocks["thread_time"]
        ),
    )

    def passes(wall: float, cpu: float) -> bool:
        clocks["monotonic"] += wall
        clocks["thread_time"] += cpu
        return waiting.too_long()

    waiting = seats.Waiting()
    assert not waiting.too_long()
    assert not passes(60.0, 59.9)
    assert not passes(0.3, 0.0)
    assert passes(0.6, 0.05)
    # For good: who asks next must not overlook it.
    assert passes(0.1, 0.1)
