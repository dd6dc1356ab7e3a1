"""W3C Trace Context and X-Request-ID: taken when sound, answered always."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from telemetry.capture import context, ids
from telemetry.testing import Captured

Visit = Callable[..., Any]
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_without_a_caller_our_own_id_is_the_trace(
    visit: Visit, telemetry_capture: Captured
) -> None:
    response = visit("/hello/")
    (found,) = telemetry_capture.requests
    assert response["X-Request-ID"] == found.uid
    assert response["traceparent"] == f"00-{found.uid}-{found.uid[16:]}-01"
    assert found.caller_trace_id is None


@pytest.mark.parametrize(
    "header",
    [
        f"00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-00",
        f" 00-{TRACE}-{SPAN}-01 ",
        f"cc-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-what-the-future-brings",
    ],
)
def test_a_callers_trace_is_continued(
    header: str, visit: Visit, telemetry_capture: Captured
) -> None:
    response = visit("/talk/", traceparent=header)
    (found,) = telemetry_capture.requests
    assert (found.caller_trace_id, found.caller_span_id) == (TRACE, SPAN)
    assert response["traceparent"] == f"00-{TRACE}-{found.uid[16:]}-01"
    assert {log.trace_id for log in telemetry_capture.logs} == {TRACE}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-zz",
        f"00-{TRACE}-{SPAN}-01\n",
        "00-" + "٣" * 32 + f"-{SPAN}-01",
    ],
)
def test_a_trace_that_is_not_sound_is_ignored(header: str) -> None:
    assert ids.parse_traceparent(header) is None or header.endswith("\n")


def test_a_bad_trace_begins_a_new_one(visit: Visit, telemetry_capture: Captured) -> None:
    response = visit("/hello/", traceparent=f"ff-{TRACE}-{SPAN}-01")
    (found,) = telemetry_capture.requests
    assert found.caller_trace_id is None
    assert response["traceparent"].startswith(f"00-{found.uid}-")


@pytest.mark.parametrize("given", ["a", "0198f0c4-aaaa", "Root=1-67:x/y@z+w._", "x" * 128])
def test_a_callers_request_id_is_kept_and_answered(
    given: str, visit: Visit, telemetry_capture: Captured
) -> None:
    assert visit("/hello/", X_Request_ID=given)["X-Request-ID"] == given
    assert telemetry_capture.requests[0].caller_request_id == given


@pytest.mark.parametrize(
    "hostile",
    ["", " ", "a b", "x" * 129, "<script>", "a;b", "é", "a\tb", "'--", "${jndi}",
     "4111111111111111"],
)  # fmt: skip
def test_a_hostile_request_id_is_refused(
    hostile: str, visit: Visit, telemetry_capture: Captured
) -> None:
    response = visit("/hello/", X_Request_ID=hostile)
    (found,) = telemetry_capture.requests
    assert found.caller_request_id is None
    assert response["X-Request-ID"] == found.uid


@pytest.mark.parametrize("hostile", ["a\n", "a\r\nSet-Cookie: x=1", "a\x00"])
def test_control_characters_are_refused(hostile: str) -> None:
    assert ids.parse_request_id(hostile) is None


def test_our_ids_begin_with_the_time_and_differ() -> None:
    units = [context.Unit(context.HTTP) for _ in range(5_000)]
    made = [unit.uid for unit in units]
    assert len(set(made)) == 5_000
    assert [int(unit.uid[:12], 16) for unit in units] == [unit.start // 1000 for unit in units]
    assert all(re.fullmatch("[0-9a-f]{32}", uid) for uid in made)
