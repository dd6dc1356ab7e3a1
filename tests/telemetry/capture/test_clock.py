"""The time that records carry never runs backwards, whatever is done to the wall clock."""

from itertools import pairwise

import pytest

from telemetry.capture.clock import Clock

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND


class Times:
    """Two clocks that a test moves: they go on together, and the wall clock may be set."""

    def __init__(self) -> None:
        self.passed = 0
        self.wall_offset = 1_790_000_000 * SECOND

    def steady(self) -> int:
        return self.passed

    def wall(self) -> int:
        return self.passed + self.wall_offset


@pytest.fixture
def times() -> Times:
    return Times()


def readings(times: Times, clock: Clock, seconds: int, step: int = 60) -> list[int]:
    found = []
    for _ in range(seconds // step):
        times.passed += step * SECOND
        found.append(clock.read()[0])
    return found


def test_it_is_the_wall_clocks(times: Times) -> None:
    clock = Clock(times.wall, times.steady)
    times.passed += 5 * SECOND
    assert clock.read() == ((1_790_000_000 + 5) * 1_000_000, 5 * SECOND)


def test_a_step_forward_is_followed_at_once(times: Times) -> None:
    clock = Clock(times.wall, times.steady)
    times.wall_offset += HOUR
    assert clock.read()[0] == times.wall() // 1000


def test_after_a_step_back_the_order_stands_and_the_clocks_meet_again(times: Times) -> None:
    clock = Clock(times.wall, times.steady)
    before = clock.read()[0]
    times.wall_offset -= HOUR
    found = [before, clock.read()[0], *readings(times, clock, 2 * 3_600 - 60)]
    assert all(a <= b for a, b in pairwise(found))
    # Half speed, so that nothing piles up in one moment: a minute is 30 s.
    assert {b - a for a, b in pairwise(found[1:])} == {30_000_000}
    assert clock.read()[0] > times.wall() // 1000
    readings(times, clock, 120)
    assert clock.read()[0] == times.wall() // 1000


def test_steps_to_and_fro_keep_the_order(times: Times) -> None:
    clock = Clock(times.wall, times.steady)
    found = []
    for step in (HOUR, -HOUR, -HOUR, HOUR, HOUR, -2 * HOUR):
        times.wall_offset += step
        found += readings(times, clock, 600)
    assert all(a < b for a, b in pairwise(found))
