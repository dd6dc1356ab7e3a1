"""Any Python value becomes a bounded JSON value, and nothing that it does gets out."""

import datetime
import decimal
import enum
import json
import time
import uuid
from collections import OrderedDict, UserDict
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from telemetry.capture import values
from telemetry.testing import Captured, capture


class Colour(enum.StrEnum):
    RED = "red"


class Raises:
    def __str__(self) -> str:
        raise RuntimeError("never")


class NoText:
    def __str__(self) -> str:
        return 5  # type: ignore[return-value] # noqa: PLE0307


class BadList(list[int]):
    def __iter__(self) -> Iterator[int]:
        raise RuntimeError("never")


class BadMapping(UserDict[str, int]):
    def items(self) -> Any:
        raise RuntimeError("never")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        ("text", "text"),
        (SafeString("safe"), "safe"),
        (gettext_lazy("lazy"), "lazy"),
        (Colour.RED, "red"),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (2**63, str(2**63)),
        (10**10_000, "<int of 33220 bits>"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (decimal.Decimal("12.340"), "12.340"),
        (uuid.UUID(int=5), str(uuid.UUID(int=5))),
        (datetime.date(2026, 11, 24), "2026-11-24"),
        (b"bytes \xff", "bytes \\xff"),
        (bytearray(b"abc"), "abc"),
        ((1, "a"), [1, "a"]),
        ({1}, [1]),
        ({1: "a", None: "b", (1, 2): "c"}, {"1": "a", "None": "b", "(1, 2)": "c"}),
        (OrderedDict(a=1), {"a": 1}),
        (Raises(), "<Raises: str() raised RuntimeError>"),
        (NoText(), "<NoText: str() raised TypeError>"),
        (BadList([1]), "<BadList: raised RuntimeError>"),
        (BadMapping(a=1), {"…": "<BadMapping: raised RuntimeError>"}),
        ("nul \0", "nul \0"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_becomes_what_json_holds(value: Any, expected: Any) -> None:
    found = values.clean(value)
    assert found == expected
    assert type(found) is type(expected)
    json.dumps(found)


def test_a_key_that_has_no_text_keeps_its_value() -> None:
    assert values.clean_mapping({Raises(): 1, "a": 2}) == {
        "<Raises: str() raised RuntimeError>": 1,
        "a": 2,
    }


def test_one_value_that_raises_costs_no_other() -> None:
    cleaned = values.clean_mapping({"bad": BadList([1]), "good": [1, 2]})
    assert cleaned == {"bad": "<BadList: raised RuntimeError>", "good": [1, 2]}


def circular() -> dict[str, Any]:
    made: dict[str, Any] = {}
    made["self"] = made
    return made


def nested(depth: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


@pytest.mark.parametrize(
    "vast",
    [
        circular(),
        nested(5_000),
        list(range(1_000_000)),
        {str(number): number for number in range(100_000)},
        "x" * 10_000_000,
        b"x" * 10_000_000,
        [["x" * 9_000] * 64] * 64,
        [[list(range(64))] * 64] * 64,
        {"k" * 100_000: "v"},
        10**100_000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_vast_is_cut_in_little_time(vast: Any) -> None:
    began = time.perf_counter()
    found = values.clean_mapping({"vast": vast, "after": 1})
    assert time.perf_counter() - began < 0.5
    assert len(json.dumps(found)) < 200_000


def test_lone_surrogates_do_not_cost_the_record() -> None:
    with capture() as captured:
        from telemetry.capture import sink
        from telemetry.journal import events

        attributes = {"a": "\ud800", "\udfff": ["\ud800"]}
        sink.current().emit(
            events.LogMade(None, 1, 20, "x\ud800", None, "m", None, None, attributes)
        )
    assert captured.logs[0].attributes == {"a": "\\ud800", "\\udfff": ["\\ud800"]}
    assert captured.logs[0].logger == "x\\ud800"


def test_a_cut_text_says_how_long_it_was(telemetry_capture: Captured) -> None:
    found = values.clean("x" * 10_000)
    assert found == "x" * values.TEXT_LIMIT + "… [cut: 10000 characters]"
