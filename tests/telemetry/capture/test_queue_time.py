"""X-Request-Start, which a proxy sets, says how long a request waited for a worker."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.capture.queueing import waited
from telemetry.testing import Captured

NOW = 1_795_479_513_250_000


@pytest.mark.parametrize(
    "header",
    [
        "t=1795479513.000",
        "1795479513",
        "1795479513.0",
        "t=1795479513000",
        "1795479513000.000",
        "t=1795479513000000",
        " 1795479513000000 ",
    ],
)
def test_seconds_milliseconds_and_microseconds_mean_the_same(header: str) -> None:
    assert waited(header, NOW) == 250_000


@pytest.mark.parametrize(
    "header",
    [
        "",
        "soon",
        "t=",
        "-1795479513",
        "1e12",
        "nan",
        "١٧٩٥٤٧٩٥١٣",
        "t=1795479513.25; rm",
        "17954795130000000000",
        # In the future, and longer ago than any queue.
        "t=1795479513.251",
        "1795475912",
        "0",
    ],
)
def test_what_is_no_moment_of_the_last_hour_is_ignored(header: str) -> None:
    assert waited(header, NOW) is None


@given(st.text(max_size=40))
def test_any_text_is_a_wait_of_the_last_hour_or_nothing(header: str) -> None:
    found = waited(header, NOW)
    assert found is None or 0 <= found <= 3_600_000_000


def test_a_request_has_its_wait(visit: Callable[..., Any], telemetry_capture: Captured) -> None:
    visit("/hello/", X_Request_Start=f"t={time.time() - 2:.3f}")
    visit("/hello/", X_Request_Start="garbage")
    visit("/hello/")
    first, *others = [found.queue_time for found in telemetry_capture.requests]
    assert first is not None
    assert 1_900_000 < first < 60_000_000
    assert others == [None, None]
