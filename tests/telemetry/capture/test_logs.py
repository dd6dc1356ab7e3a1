"""Log records: of any logger, however logging is configured, with their fields."""

import logging
import logging.config
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings
from django.utils.safestring import mark_safe

from telemetry.capture import context, sink
from telemetry.capture import logs as capture_logs
from telemetry.testing import Captured
from tests.site import ROOT

Visit = Callable[..., Any]
log = logging.getLogger("tests.logs")


def messages(captured: Captured) -> list[str]:
    return [made.message for made in captured.logs]


def test_records_of_a_request_carry_it_and_their_fields(
    visit: Visit, telemetry_capture: Captured
) -> None:
    log.setLevel(logging.INFO)
    visit("/talk/")
    (unit,) = telemetry_capture.requests
    paid, plain = [made for made in telemetry_capture.logs if made.level > logging.DEBUG]
    assert (paid.message, paid.template) == ("paid ann", "paid %s")
    assert (paid.level, paid.logger, paid.route) == (20, "tests.site", "talk/")
    assert paid.attributes == {"amount": 12, "payer": {"name": "ann"}}
    assert paid.bound == {"transaction.id": "tx-1", "gone": 1}
    assert paid.code is not None
    assert paid.code.startswith("tests/telemetry/capture/views.py:")
    assert paid.code.endswith(" talk")
    assert (plain.message, plain.template) == ("plain", None)
    assert (plain.attributes, plain.bound) == ({}, {"transaction.id": "tx-1"})
    assert {made.uid for made in telemetry_capture.logs} == {unit.uid}
    assert unit.duration is not None
    assert unit.start <= paid.time <= plain.time <= unit.start + unit.duration
    assert (unit.level, unit.log_count) == (30, len(telemetry_capture.logs))


def test_a_logger_that_does_not_propagate_is_heard(telemetry_capture: Captured) -> None:
    quiet = logging.getLogger("tests.logs.made.late")
    quiet.propagate = False
    try:
        quiet.warning("heard")
    finally:
        quiet.propagate = True
    assert messages(telemetry_capture) == ["heard"]


def test_each_record_is_written_once_whatever_handlers_there_are(
    telemetry_capture: Captured,
) -> None:
    handler = logging.NullHandler()
    for name in (None, "tests", "tests.logs"):
        logging.getLogger(name).addHandler(handler)
    try:
        log.warning("once")
    finally:
        for name in (None, "tests", "tests.logs"):
            logging.getLogger(name).removeHandler(handler)
    assert messages(telemetry_capture) == ["once"]


PROGRAM = """
import logging, logging.config, django
django.setup()
from telemetry.capture import sink
from telemetry.testing import capture
quiet = logging.getLogger("quiet"); quiet.propagate = False
with capture() as captured:
    logging.getLogger("a").warning("first")
    django.setup()
    logging.getLogger("a").warning("second")
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False,
        "loggers": {"quiet": {"handlers": [], "propagate": False}}})
    logging.getLogger("a").warning("third")
    quiet.warning("fourth")
    logging.root.handlers.clear()
    logging.basicConfig(format="APPLICATION %(message)s")
    logging.getLogger("a").warning("fifth")
    print([made.message for made in captured.logs])
"""


def test_logging_may_be_configured_again_and_is_not_in_the_way() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(["first", "second", "third", "fourth", "fifth"])
    assert "APPLICATION fifth" in done.stderr


@pytest.mark.django_db
def test_details_are_kept_of_failed_slow_and_sampled_requests_alone(
    visit: Visit, telemetry_capture: Captured
) -> None:
    logging.getLogger("tests.site").setLevel(logging.DEBUG)

    def details(**settings: Any) -> tuple[bool, bool]:
        status = settings.pop("status", 200)
        telemetry_capture.events.clear()
        with override_settings(TELEMETRY={"DETAIL_SAMPLE": 0, "SLOW_SECONDS": 5, **settings}):
            visit(f"/talk/?status={status}")
            kept = "a detail" in messages(telemetry_capture)
            count = telemetry_capture.requests[0].log_count
            visit(f"/ask/?status={status}")
        return kept and count == 3, bool(telemetry_capture.requests[1].spans)

    try:
        assert details() == (False, False)
        assert details(status=404) == (False, False)
        assert details(status=500) == (True, True)
        assert details(SLOW_SECONDS=1e-9) == (True, True)
        assert details(DETAIL_SAMPLE=1) == (True, True)
    finally:
        logging.getLogger("tests.site").setLevel(logging.NOTSET)


def test_below_the_configured_level_nothing_is_looked_at(telemetry_capture: Captured) -> None:
    with override_settings(TELEMETRY={"LOG_LEVEL": "ERROR"}):
        log.warning("no")
        log.error("yes")
    assert messages(telemetry_capture) == ["yes"]


class Odd:
    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act

    def __str__(self) -> str:
        return str(self.act())


def fail() -> None:
    raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("message", "arguments", "expected"),
    [
        (mark_safe("<b>safe</b>"), (), "<b>safe</b>"),
        (mark_safe("<b>%s</b>"), ("x",), "<b>x</b>"),
        ("%d items", ("many",), "%d items [arguments do not fit: TypeError]"),
        ("%s", (), "%s"),
        ("odd %s", (Odd(fail),), "odd %s [arguments do not fit: RuntimeError]"),
        (Odd(fail), (), "<Odd: str() raised RuntimeError> [arguments do not fit: RuntimeError]"),
        (Odd(lambda: "fine"), (), "fine"),
        (None, (), "None"),
        ("nul \0", (), "nul \0"),
        ("card 4111111111111111", (), "card [card ****1111]"),
        ("password=%s", ("abc",), "password=[redacted]"),
    ],
)
def test_odd_messages_are_recorded(
    message: Any, arguments: tuple[Any, ...], expected: str, telemetry_capture: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logging.getLogger().handle(
        logging.getLogger().makeRecord("odd", 30, __file__, 1, message, arguments, None)
    )
    assert messages(telemetry_capture) == [expected]


def test_a_lone_surrogate_is_written_out(telemetry_capture: Captured) -> None:
    # Not through the loggers: pytest-xdist could not send what pytest captures of it.
    capture_logs.observe(log.makeRecord("odd", 30, __file__, 1, "lone \ud800", (), None))
    assert messages(telemetry_capture) == ["lone \\ud800"]


def test_a_long_message_is_cut_and_says_so(telemetry_capture: Captured) -> None:
    log.warning("x" * 100_000)
    assert messages(telemetry_capture)[0].endswith("… [cut: 100000 characters]")


def test_logging_while_a_record_is_made_is_recorded_and_ends(
    telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    handlers = list(logging.root.handlers)
    monkeypatch.setattr(logging.root, "handlers", [])
    assert handlers is not logging.root.handlers
    log.addHandler(logging.NullHandler())
    log.warning("outer %s", Odd(lambda: log.warning("inner")))
    assert messages(telemetry_capture) == ["inner", "outer None"]

    itself = Odd(lambda: log.warning("again %s", itself))
    log.warning("%s", itself)
    assert len(telemetry_capture.logs) == 2 + capture_logs.MAX_NESTED
    assert sink.current().board.snapshot().dropped == {"internal_error": 1}


def test_access_logs_are_left_to_the_requests_own_record(telemetry_capture: Captured) -> None:
    for name in ("django.server", "gunicorn.access", "uvicorn.access"):
        logging.getLogger(name).error("GET /")
    assert telemetry_capture.logs == []


def test_after_its_unit_has_ended_a_record_still_names_it(
    visit: Visit, telemetry_capture: Captured
) -> None:
    visit("/hello/")
    assert context.current.get() is None
    unit = context.Unit(context.HTTP)
    unit.ended = True
    token = context.current.set(unit)
    log.setLevel(logging.DEBUG)
    try:
        log.debug("late")
    finally:
        context.current.reset(token)
        log.setLevel(logging.NOTSET)
    assert [(made.message, made.uid) for made in telemetry_capture.logs] == [("late", unit.uid)]


def test_records_of_one_place_may_differ_in_what_they_add(telemetry_capture: Captured) -> None:
    for extra in (
        {"a": 1},
        {"a": 2},
        {"b": 3},
        {},
        {"a": 4, "b": [5]},
        {"request": "x"},
        {"a": "6"},
    ):
        log.info("one place", extra=extra)
    assert [made.attributes for made in telemetry_capture.logs] == [
        {"a": 1}, {"a": 2}, {"b": 3}, {}, {"a": 4, "b": [5]}, {}, {"a": "6"},
    ]  # fmt: skip
