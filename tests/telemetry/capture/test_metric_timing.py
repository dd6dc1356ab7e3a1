"""Timing of blocks and of functions, `async def` included, to their end and when they raise."""

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

import telemetry
from telemetry.capture import metrics, timing
from telemetry.testing import Captured


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in its first element, which a test moves."""
    now = [0.0]
    monkeypatch.setattr(timing, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def took(monkeypatch: pytest.MonkeyPatch) -> metrics.Histogram:
    monkeypatch.setattr(metrics, "_declared", {})
    return telemetry.histogram("took_seconds", "", labels=["step"])


def observed(captured: Captured) -> list[tuple[str, float]]:
    return [(labels["step"], value) for _, _, labels, value in captured.samples]


def test_a_coroutine_is_timed_to_its_end(
    clock: list[float], took: metrics.Histogram, telemetry_capture: Captured
) -> None:
    @took.time(step="call")
    async def call(seconds: float) -> str:
        clock[0] += seconds / 2
        await asyncio.sleep(0)
        clock[0] += seconds / 2
        return "done"

    assert asyncio.iscoroutinefunction(call)
    assert asyncio.run(call(4)) == "done"
    waiting = call(2)
    clock[0] += 100
    assert asyncio.run(waiting) == "done"
    assert observed(telemetry_capture) == [("call", 4), ("call", 2)]


def test_a_coroutine_that_raises_or_is_cancelled_is_timed_too(
    clock: list[float], took: metrics.Histogram, telemetry_capture: Captured
) -> None:
    @took.time(step="call")
    async def call(error: BaseException) -> None:
        clock[0] += 3
        raise error

    with pytest.raises(KeyError):
        asyncio.run(call(KeyError("own")))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(call(asyncio.CancelledError()))
    assert observed(telemetry_capture) == [("call", 3), ("call", 3)]


def test_calls_at_the_same_time_have_each_their_own(
    clock: list[float], took: metrics.Histogram, telemetry_capture: Captured
) -> None:
    @took.time(step="call")
    async def call(first: asyncio.Event, then: asyncio.Event) -> None:
        await first.wait()
        then.set()

    async def both() -> None:
        a, b, c = asyncio.Event(), asyncio.Event(), asyncio.Event()
        one = asyncio.create_task(call(a, b))
        await asyncio.sleep(0)
        clock[0] = 1
        other = asyncio.create_task(call(b, c))
        await asyncio.sleep(0)
        clock[0] = 5
        a.set()
        await asyncio.gather(one, other)

    asyncio.run(both())
    assert sorted(observed(telemetry_capture)) == [("call", 4), ("call", 5)]


def test_recursion_and_threads_of_one_decorated_function(
    clock: list[float], took: metrics.Histogram, telemetry_capture: Captured
) -> None:
    @took.time(step="call")
    def call(depth: int) -> int:
        """Its own words."""
        clock[0] += 1
        return call(depth - 1) + 1 if depth else 0

    assert (call(2), call.__doc__, call.__name__) == (2, "Its own words.", "call")
    threads = [threading.Thread(target=call, args=[0]) for _ in range(3)]
    for thread in threads:
        thread.start()
        thread.join()
    assert observed(telemetry_capture) == [("call", n) for n in (1, 2, 3, 1, 1, 1)]


def test_one_timer_for_blocks_in_blocks(
    clock: list[float], took: metrics.Histogram, telemetry_capture: Captured
) -> None:
    timer = took.time(step="block")
    with timer:
        clock[0] += 1
        with timer:
            clock[0] += 2
    assert observed(telemetry_capture) == [("block", 2), ("block", 3)]


def test_methods_and_partials_of_coroutines(
    clock: list[float], took: metrics.Histogram, telemetry_capture: Captured
) -> None:
    class Shop:
        @took.time(step="method")
        async def sell(self, seconds: float) -> float:
            clock[0] += seconds
            return seconds

    async def sell(seconds: float) -> float:
        clock[0] += seconds
        return seconds

    assert asyncio.run(Shop().sell(2)) == 2
    assert asyncio.run(took.time(step="partial")(functools.partial(sell, 3))()) == 3
    assert observed(telemetry_capture) == [("method", 2), ("partial", 3)]


def test_a_generator_is_refused_which_would_be_timed_wrongly(took: metrics.Histogram) -> None:
    def each() -> Iterator[int]:
        yield 1

    async def each_async() -> AsyncIterator[int]:
        yield 1

    for function in (each, each_async):
        with pytest.raises(ValueError, match=r"function: .* is a generator"):
            took.time(step="call")(function)  # type: ignore[arg-type]


def test_wrong_labels_are_told_where_the_function_is_decorated(took: metrics.Histogram) -> None:
    with pytest.raises(ValueError, match="took_seconds: labels"):
        took.time(wrong="x")
