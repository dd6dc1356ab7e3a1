"""What is captured of a call does not depend on whether a handler hears it as well."""

import logging
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from django.test import override_settings
from django.utils.safestring import mark_safe
from hypothesis import HealthCheck, given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st

from telemetry.capture import context
from telemetry.testing import Captured

Call = Callable[[logging.Logger], Any]
FIXTURES = of_hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture])


class Listening(logging.Handler):
    """Wants every record, so that one is made."""

    def emit(self, record: logging.LogRecord) -> None:
        pass


class Odd:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def outcome(call: Call, logger: logging.Logger, captured: Captured) -> tuple[Any, ...]:
    """All that a call leaves, twice and inside a unit of work and out: events but for their time,
    the unit's counts, what was raised."""
    captured.events.clear()
    unit = context.Unit(context.HTTP)
    unit.uid, unit.route = "0" * 32, "shops/"
    unit.bind({"tenant": "a"})
    raised = []
    for inside in (None, unit, unit, None):
        token = context.current.set(inside)
        try:
            call(logger)
        except Exception as error:
            raised.append((type(error), str(error)))
        finally:
            context.current.reset(token)
    kept = [msgspec.json.encode(event) for event in unit.debug or () if not _timeless(event)]
    events = [msgspec.json.encode(event) for event in captured.events if not _timeless(event)]
    return events, kept, unit.log_count, unit.level, raised


def _timeless(event: Any) -> None:
    event.time = 0


def both_ways(
    call: Call, logger: logging.Logger, captured: Captured, made: list[logging.LogRecord]
) -> tuple[tuple[Any, ...], bool]:
    """The outcome, which must be the same unheard and heard; whether unheard no record was made."""
    made.clear()
    unheard = outcome(call, logger, captured)
    is_short = not made
    logger.handlers.append(Listening())
    try:
        assert outcome(call, logger, captured) == unheard
    finally:
        logger.handlers.pop()
    return unheard, is_short


WITHOUT_RECORD: dict[str, Call] = {
    "plain": lambda log: log.info("plain"),
    "arguments": lambda log: log.info("paid %s of %d", "ann", 3),
    "one argument": lambda log: log.warning("paid %s", "ann"),
    "list as argument": lambda log: log.warning("paid %s", ["ann"]),
    "exception": lambda log: log.error("failed: %s", ValueError("no")),
    "unused arguments": lambda log: log.info("paid", "ann"),  # noqa: PLE1205
    "arguments that do not fit": lambda log: log.info("%d", "many"),
    "str raises": lambda log: log.info("odd %s", Odd()),
    "message raises": lambda log: log.info(Odd()),
    "no text": lambda log: log.info(None),
    "number with arguments": lambda log: log.info(5, 6),
    "safe text": lambda log: log.info(mark_safe("<b>%s</b>"), "x"),
    "surrogate": lambda log: log.info("lone %s", "\ud800"),
    "long": lambda log: log.info("x %s", "y" * 100_000),
    "card": lambda log: log.info("card %s", "4111111111111111", extra={"card": "4111111111111111"}),
    "extra": lambda log: log.info("sold", extra={"item": 1, "title": "a", "price": 2.5}),
    "nested extra": lambda log: log.info("sold", extra={"a": {"b": [1, Odd()]}, "password": "x"}),
    "many extra": lambda log: log.info("x", extra={f"key{n}": n for n in range(100)}),
    "no extra": lambda log: log.info("sold", extra={}),
    "django's request": lambda log: log.info("sold", extra={"request": object(), "a": 1}),
    "keys that are no text": lambda log: log.info("sold", extra={1: 2, None: 3}),
    "detail": lambda log: log.debug("a %s", "detail", extra={"item": 1}),
    "critical": lambda log: log.critical("down"),
    "own level": lambda log: log.log(25, "between %d", 1),
    "adapter": lambda log: logging.LoggerAdapter(log, {"item": 1}).info("sold %d", 3),
    "explicit": lambda log: log._log(logging.INFO, "sold", ()),
    "exc_info that is none": lambda log: log.info("sold", exc_info=None),
}


@pytest.mark.parametrize("call", WITHOUT_RECORD.values(), ids=WITHOUT_RECORD)
def test_the_event_is_the_same_without_a_record(
    call: Call, unheard: logging.Logger, telemetry_capture: Captured, made: list[logging.LogRecord]
) -> None:
    found, is_short = both_ways(call, unheard, telemetry_capture, made)
    assert is_short
    assert len(found[0]) + len(found[1]) == 4
    assert found[4] == []


def _in_handler(log: logging.Logger, **kwargs: Any) -> None:
    try:
        raise LookupError("no such account")
    except LookupError:
        log.error("failed", **kwargs)


def _helper(log: logging.Logger) -> None:
    log.info("on behalf", stacklevel=2)


WITH_RECORD: dict[str, Call] = {
    "empty mapping": lambda log: log.info("paid %s", {}),
    "mapping": lambda log: log.info("%(who)s paid", {"who": "ann"}),
    "read-only mapping": lambda log: log.info("%(who)s paid", MappingProxyType({"who": "ann"})),
    "exc_info": lambda log: _in_handler(log, exc_info=True),
    "given exception": lambda log: log.info("failed", exc_info=ValueError("no")),
    "stack_info": lambda log: log.info("where", stack_info=True),
    "stacklevel": _helper,
    "extra that is no dict": lambda log: log.info("sold", extra=MappingProxyType({"item": 1})),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("call", WITH_RECORD.values(), ids=WITH_RECORD)
def test_what_is_rare_takes_the_librarys_way(
    call: Call, unheard: logging.Logger, telemetry_capture: Captured, made: list[logging.LogRecord]
) -> None:
    found, is_short = both_ways(call, unheard, telemetry_capture, made)
    assert not is_short
    assert found[2] == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda log: log.info("x", extra={"name": "clash"}),  # noqa: G101
        lambda log: log.info("x", extra={"a": 1, "message": "clash"}),  # noqa: G101
        lambda log: log.info("x", extra={"asctime": 1}),  # noqa: G101
        lambda log: log.info("x", extra=5),
        lambda log: log.info("x", extra=[("a", 1)]),
        lambda log: log._log(20, "x", {"a": 1}),
        lambda log: log._log(20, "x", 5),
    ],
)
def test_what_the_library_refuses_is_refused(
    call: Call, unheard: logging.Logger, telemetry_capture: Captured, made: list[logging.LogRecord]
) -> None:
    found, _ = both_ways(call, unheard, telemetry_capture, made)
    assert len(found[4]) == 4
    assert found[:4] == ([], [], 0, 0)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
MESSAGES = st.sampled_from(
    ["plain", "%s", "%d of %s", "%(a)s", "100 %", "%", "token=%s", "4111111111111111 %s", 7]
)
KEYS = st.sampled_from(
    ["a", "b", "name", "args", "message", "taskName", "request", "password", "é"]
)


@FIXTURES
@given(
    level=st.sampled_from([5, 10, 20, 30, 55]),
    message=MESSAGES | st.text(max_size=40),
    arguments=st.lists(VALUES, max_size=3),
    extra=st.none() | st.dictionaries(KEYS, VALUES, max_size=4),
)
def test_any_call_leaves_the_same_both_ways(
    unheard: logging.Logger, telemetry_capture: Captured, made: list[logging.LogRecord],
    level: int, message: Any, arguments: list[Any], extra: dict[str, Any] | None,
) -> None:  # fmt: skip
    both_ways(
        lambda log: log.log(level, message, *arguments, extra=extra),
        unheard, telemetry_capture, made,
    )  # fmt: skip


def test_places_that_differ_by_turns_stay_apart(
    unheard: logging.Logger, telemetry_capture: Captured, made: list[logging.LogRecord]
) -> None:
    def call(log: logging.Logger) -> None:
        for message, extra in (
            ("a %s", {"a": 1}),
            ("b %s", {"b": 2}),
            ("a %s", {"a": "x", "b": 3}),
        ):
            log.info(message, 1, extra=extra)

    found, is_short = both_ways(call, unheard, telemetry_capture, made)
    assert is_short
    assert len(found[0]) == 12


def test_settings_and_left_out_loggers_hold_both_ways(
    unheard: logging.Logger, telemetry_capture: Captured, made: list[logging.LogRecord],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with override_settings(TELEMETRY={"LOG_LEVEL": "ERROR"}):
        found, _ = both_ways(lambda log: log.warning("no"), unheard, telemetry_capture, made)
        assert found[:3] == ([], [], 0)
        found, _ = both_ways(lambda log: log.error("yes"), unheard, telemetry_capture, made)
        assert found[2] == 2
    monkeypatch.setattr(unheard, "name", "django.server")
    found, _ = both_ways(lambda log: log.error("GET /"), unheard, telemetry_capture, made)
    assert found[:3] == ([], [], 0)
