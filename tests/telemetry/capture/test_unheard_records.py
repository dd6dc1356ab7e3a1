"""A record that nobody but telemetry would hear is not made; one that somebody hears is."""

import gc
import logging
import subprocess
import sys
from collections.abc import Callable
from types import MethodType
from typing import Any

import pytest

from telemetry import quiet
from telemetry.capture import callers, context, faults, listeners, records, units, values
from telemetry.capture import logs as capture_logs
from telemetry.testing import Captured
from tests.site import ROOT

Made = list[logging.LogRecord]


class Hearing(logging.Handler):
    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


def messages(captured: Captured) -> list[str]:
    return [event.message for event in captured.logs]


def test_no_record_is_made_where_nobody_listens(
    unheard: logging.Logger, telemetry_capture: Captured, made: Made
) -> None:
    unheard.info("sold %d", 1)
    assert made == []
    assert messages(telemetry_capture) == ["sold 1"]


def test_a_handler_hears_the_next_record_wherever_it_is_added(
    unheard: logging.Logger, telemetry_capture: Captured
) -> None:
    assert unheard.parent is not None
    for logger in (unheard, unheard.parent):
        handler = Hearing()
        unheard.info("before")
        logger.addHandler(handler)
        unheard.info("then")
        logger.removeHandler(handler)
        unheard.info("after")
        assert handler.heard == ["then"]
    assert messages(telemetry_capture) == ["before", "then", "after"] * 2


def test_a_handler_hears_from_its_level_on(
    unheard: logging.Logger, telemetry_capture: Captured, made: Made
) -> None:
    handler = Hearing(logging.ERROR)
    unheard.addHandler(handler)
    unheard.info("no")
    assert made == []
    unheard.error("yes")
    handler.setLevel(logging.INFO)
    unheard.info("now")
    assert handler.heard == ["yes", "now"]
    assert messages(telemetry_capture) == ["no", "yes", "now"]


def test_handlers_above_a_logger_that_does_not_propagate_hear_nothing(
    unheard: logging.Logger, telemetry_capture: Captured, made: Made,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert unheard.parent is not None
    handler = Hearing()
    unheard.parent.addHandler(handler)
    unheard.addHandler(logging.NullHandler())
    monkeypatch.setattr(unheard, "propagate", False)
    unheard.info("not passed on")
    assert (made, handler.heard) == ([], [])
    monkeypatch.setattr(unheard, "propagate", True)
    unheard.info("passed on")
    assert handler.heard == ["passed on"]


def test_a_kind_of_null_handler_may_do_something(
    unheard: logging.Logger, telemetry_capture: Captured
) -> None:
    seen = []

    class Counting(logging.NullHandler):
        def handle(self, record: logging.LogRecord) -> bool:
            seen.append(record)
            return True

    unheard.addHandler(Counting())
    unheard.info("counted")
    assert len(seen) == 1


def test_the_handler_of_last_resort_prints(
    unheard: logging.Logger, telemetry_capture: Captured, made: Made,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(unheard, "parent", None)
    unheard.info("below")
    assert made == []
    unheard.warning("printed")
    assert capsys.readouterr().err == "printed\n"
    monkeypatch.setattr(logging, "lastResort", None)
    monkeypatch.setattr(unheard.manager, "emittedNoHandlerWarning", False)
    unheard.info("nobody")
    assert "No handlers could be found" in capsys.readouterr().err
    assert messages(telemetry_capture) == ["below", "printed", "nobody"]


def test_filters_of_the_logger_are_obeyed(
    unheard: logging.Logger, telemetry_capture: Captured
) -> None:
    def admit(record: logging.LogRecord) -> bool:
        record.msg = f"seen: {record.msg}"
        return "secret" not in record.msg

    unheard.addFilter(admit)
    unheard.info("secret")
    unheard.info("open")
    unheard.removeFilter(admit)
    unheard.info("secret")
    assert messages(telemetry_capture) == ["seen: open", "secret"]


def test_what_is_disabled_is_silent(unheard: logging.Logger, telemetry_capture: Captured) -> None:
    logging.disable(logging.INFO)
    try:
        unheard.info("no")
        unheard.warning("yes")
    finally:
        logging.disable(logging.NOTSET)
    unheard.disabled = True
    try:
        unheard.error("no")
        # As helpers for levels of their own call it, without asking.
        unheard._log(logging.ERROR, "no", ())
    finally:
        unheard.disabled = False
    assert messages(telemetry_capture) == ["yes"]


def test_a_record_factory_is_asked(unheard: logging.Logger, telemetry_capture: Captured) -> None:
    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **kwargs)
        record.tenant = "a"
        return record

    logging.setLogRecordFactory(factory)
    try:
        unheard.info("made elsewhere")
    finally:
        logging.setLogRecordFactory(logging.LogRecord)
    unheard.info("as ever")
    assert [event.attributes for event in telemetry_capture.logs] == [{"tenant": "a"}, {}]


def _counting(step: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:
        calls.append(step.__name__)
        return step(*args, **kwargs)

    return counted


STEPS = ["makeRecord", "handle", "filter", "callHandlers", "findCaller"]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_a_class_has_of_its_own_is_taken(
    step: str, unheard: logging.Logger, telemetry_capture: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    calls: list[str] = []
    own = {step: _counting(getattr(logging.Logger, step), calls)}
    monkeypatch.setattr(unheard, "__class__", type("Own", (logging.Logger,), own))
    unheard.info("its way")
    assert calls == [step]
    assert messages(telemetry_capture) == ["its way"]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_patched_later_is_taken(
    step: str, unheard: logging.Logger, telemetry_capture: Captured, made: Made
) -> None:
    calls: list[str] = []
    patched = _counting(getattr(logging.Logger, step), calls)
    for target, value in ((logging.Logger, patched), (unheard, MethodType(patched, unheard))):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(target, step, value)
            unheard.info("patched")
    assert calls == [step, step]
    made.clear()
    unheard.info("as before")
    assert made == []
    assert messages(telemetry_capture) == ["patched", "patched", "as before"]


@pytest.mark.parametrize("logger", [logging.root, logging.Logger("alone")])  # noqa: LOG001
def test_a_step_that_one_logger_was_given_is_taken_whoever_made_the_logger(
    logger: logging.Logger, telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(logger, "handlers", [logging.NullHandler()])
    monkeypatch.setattr(logger, "handle", _counting(logger.handle, calls), raising=False)
    logger.error("patched")
    assert len(calls) == 1
    assert messages(telemetry_capture) == ["patched"]


def test_a_filter_that_is_patched_into_the_base_class_is_asked(
    unheard: logging.Logger, telemetry_capture: Captured, made: Made
) -> None:
    calls: list[str] = []
    original = logging.Filterer.filter
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.Filterer, "filter", _counting(original, calls))
        unheard.info("filtered")
    assert "filter" in calls
    # Put back where it was not: it is the same one.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.Logger, "filter", original)
        made.clear()
        unheard.info("as before")
    assert made == []
    assert messages(telemetry_capture) == ["filtered", "as before"]


def test_a_class_that_changes_none_of_the_steps_makes_no_record(
    unheard: logging.Logger, telemetry_capture: Captured, made: Made,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    class Polite(logging.Logger):
        def thank(self) -> None:
            self.info("thanks")

    monkeypatch.setattr(unheard, "__class__", Polite)
    unheard.thank()  # type: ignore[attr-defined]
    assert made == []
    (event,) = telemetry_capture.logs
    assert event.code is not None
    assert event.code.endswith(" thank")


def test_a_way_to_format_messages_that_is_patched_in_is_used(
    unheard: logging.Logger, telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    braces = lambda record: record.msg.format(*record.args)  # noqa: E731
    monkeypatch.setattr(logging.LogRecord, "getMessage", braces)
    unheard.info("sold {}", 3)
    assert messages(telemetry_capture) == ["sold 3"]


PATCHED_BEFORE = """
import logging, django
original, heard = logging.Logger.handle, []
def handle(self, record):
    heard.append(record.getMessage())
    original(self, record)
logging.Logger.handle = handle
django.setup()
from telemetry.testing import capture
logger = logging.getLogger("a")
logger.propagate = False
logger.addHandler(logging.NullHandler())
with capture() as captured:
    logger.warning("both")
    print(heard, [event.message for event in captured.logs])
"""


def test_a_patch_from_before_telemetry_stays_in_force() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PATCHED_BEFORE], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['both'] ['both']"


def place(line: int, function: str) -> str:
    return f"tests/telemetry/capture/test_unheard_records.py:{line} {function}"


def test_the_line_is_the_callers_whichever_way(
    unheard: logging.Logger, telemetry_capture: Captured
) -> None:
    first = sys._getframe().f_lineno + 4
    name = "test_the_line_is_the_callers_whichever_way"
    for handlers in ([], [Hearing()]):
        unheard.handlers[:] = handlers
        unheard.info("one")
        (lambda: unheard.info("two"))()
        logging.LoggerAdapter(unheard, {}).warning("three")
        unheard.log(20, "four", stacklevel=1)
        unheard._log(20, "five", ())
    lines = [
        place(first, name), place(first + 1, "<lambda>"), place(first + 2, name),
        place(first + 3, name), place(first + 4, name),
    ]  # fmt: skip
    assert [event.code for event in telemetry_capture.logs] == lines * 2


@pytest.mark.parametrize("handlers", [[], [Hearing()]], ids=["unheard", "heard"])
def test_stacklevel_counts_from_the_caller(
    handlers: list[logging.Handler], unheard: logging.Logger, telemetry_capture: Captured
) -> None:
    unheard.handlers[:] = handlers

    def inner(level: int) -> None:
        unheard.info("x", stacklevel=level)

    def outer(level: int) -> None:
        inner(level)

    for level in (1, 2, 3, 10_000):
        outer(level)
    name = "test_stacklevel_counts_from_the_caller"
    found = [(event.code or "").split(" ")[-1] for event in telemetry_capture.logs]
    assert found[:3] == ["inner", "outer", name]
    # Beyond the outermost frame there is none.
    assert found[3] not in ("inner", "outer", name)


def test_who_looks_for_the_caller_on_their_own_finds_it(
    unheard: logging.Logger, telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Own(logging.Logger):
        def findCaller(self, *args: Any, **kwargs: Any) -> Any:  # noqa: N802
            frame: Any = sys._getframe(1)
            while frame.f_code.co_filename == logging.__file__:
                frame = frame.f_back
            return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, None

    monkeypatch.setattr(unheard, "__class__", Own)
    unheard.info("x")
    (event,) = telemetry_capture.logs
    assert event.code is not None
    assert event.code.endswith(" test_who_looks_for_the_caller_on_their_own_finds_it")


def test_the_stack_ends_at_the_caller(unheard: logging.Logger, telemetry_capture: Captured) -> None:
    handler = Hearing()
    handler.setFormatter(logging.Formatter("%(message)s"))
    texts: list[str] = []
    handler.emit = lambda record: texts.append(handler.format(record))  # type: ignore[method-assign]
    unheard.addHandler(handler)
    unheard.info("where", stack_info=True)
    assert 'unheard.info("where", stack_info=True)' in texts[0].splitlines()[-1]


def test_nobody_is_asked_for_the_caller_where_the_program_wants_none(
    unheard: logging.Logger, telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "_srcfile", None)
    unheard.info("x")
    assert [event.code for event in telemetry_capture.logs] == [
        "(unknown file):0 (unknown function)"
    ]


def test_code_that_comes_and_goes_keeps_its_lines(
    unheard: logging.Logger, telemetry_capture: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "_SITES_LIMIT", len(callers._sites) + 8)
    for line in range(1, 60):
        code = compile("\n" * line + "log.info('x')", f"<made {line}>", "exec")
        exec(code, {"log": unheard})
        del code
        gc.collect(0)
    assert [event.code for event in telemetry_capture.logs] == [
        f"<made {line}>:{line + 1} <module>" for line in range(1, 60)
    ]
    assert len(callers._sites) <= callers._SITES_LIMIT


def test_keys_that_come_as_data_are_not_remembered() -> None:
    def keys_of(number: int) -> tuple[str, ...]:
        given = tuple(f"key {each}" for each in range(number))
        return records.Place(("file.py", 1), "function", "logger", None, given).keys

    assert len(keys_of(values.MAX_ITEMS)) == values.MAX_ITEMS
    assert keys_of(values.MAX_ITEMS + 1) == ()


def test_a_record_that_makes_itself_ends(
    unheard: logging.Logger, telemetry_capture: Captured, made: Made
) -> None:
    class Odd:
        def __str__(self) -> str:
            unheard.warning("again %s", self)
            return "odd"

    unheard.warning("%s", Odd())
    assert made == []
    assert len(telemetry_capture.logs) == capture_logs.MAX_NESTED


def test_a_record_that_makes_itself_ends_in_a_unit_and_in_units_within(
    unheard: logging.Logger, telemetry_capture: Captured, made: Made
) -> None:
    calls: list[int] = []

    class Odd:
        def __str__(self) -> str:
            calls.append(1)
            # As a request that is made meanwhile, in this process.
            inner = context.Unit(context.COMMAND)
            token = units.begin(inner)
            try:
                unheard.warning("again %s", self)
            finally:
                context.current.reset(token)
                units.end(inner)
            return "odd"

    unit = context.Unit(context.COMMAND)
    token = units.begin(unit)
    try:
        unheard.warning("%s", Odd())
        assert not unit.recording
        unheard.warning("after")
    finally:
        context.current.reset(token)
    assert made == []
    # The first, and as many as a thread may nest.
    assert len(calls) == 1 + capture_logs.MAX_NESTED
    assert messages(telemetry_capture)[-1] == "after"
    assert len(telemetry_capture.logs) == len(calls) + 1


def test_a_unit_goes_on_after_a_record_was_interrupted(
    unheard: logging.Logger, telemetry_capture: Captured
) -> None:
    class Interrupting:
        def __str__(self) -> str:
            raise KeyboardInterrupt

    unit = context.Unit(context.COMMAND)
    token = units.begin(unit)
    try:
        with pytest.raises(KeyboardInterrupt):
            unheard.warning("%s", Interrupting())
        assert not unit.recording
    finally:
        context.current.reset(token)


def test_ingest_is_said_and_not_captured(
    unheard: logging.Logger, telemetry_capture: Captured, made: Made,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(faults, "_last", {})
    with quiet.ingesting():
        unheard.info("usual")
        unheard.warning("card %s", "4111111111111111")
    assert (made, telemetry_capture.logs) == ([], [])
    assert capsys.readouterr().err == ("telemetry: tests.unheard in ingest: card [card ****1111]\n")


def test_the_library_without_telemetrys_patches_is_known_as_it_is() -> None:
    program = "import telemetry.capture.listeners as found; print(found.are_patched())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "False\n"
    assert listeners.are_patched()
