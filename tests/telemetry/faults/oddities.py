"""What an application may hand to logging, and should not: one record each, named by its case."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import telemetry

log = logging.getLogger("odd")


class Raises:
    """An object none of whose texts can be had."""

    def __str__(self) -> str:
        raise RuntimeError("no str")

    def __repr__(self) -> str:
        raise ValueError("no repr")

    def __format__(self, spec: str) -> str:
        raise TypeError("no format")


class Endless:
    """An object whose text recurses without end."""

    def __str__(self) -> str:
        return str(self)

    __repr__ = __str__


class Hostile:
    """An object that answers every question with an exception."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("str")

    __repr__ = __str__

    def __bool__(self) -> bool:
        raise RuntimeError("bool")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        raise RuntimeError("hash")


class NotText:
    """An object whose text is none."""

    def __str__(self) -> str:
        return 5  # type: ignore[return-value] # noqa: PLE0307


class Talks:
    """An object that logs when it is asked for its text."""

    def __str__(self) -> str:
        log.warning("odd inner: said from inside capture")
        return "talks"


class BrokenMapping(Mapping[str, int]):
    """A mapping that fails half-way."""

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Any:
        yield "a"
        raise OSError("gone")

    def __getitem__(self, key: str) -> int:
        return 1


class BrokenError(Exception):
    """An exception that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no str")


def nested(depth: int, kind: type) -> Any:
    value: Any = "end"
    for _ in range(depth):
        value = [value] if kind is list else {"in": value}
    return value


def circular(kind: type) -> Any:
    if kind is list:
        ring: list[Any] = []
        ring.append(ring)
        return ring
    loop: dict[str, Any] = {}
    loop["self"] = loop
    return loop


def chained(depth: int) -> BaseException:
    error: BaseException = ValueError("first")
    for number in range(depth):
        later = ValueError(f"error {number}")
        later.__cause__ = error
        error = later
    return error


def _extra(value: Any) -> Callable[[str], None]:
    return lambda name: log.warning(name, extra={"value": value})


def _argument(value: Any) -> Callable[[str], None]:
    # Two: of a single one the standard library itself asks whether it is a mapping.
    return lambda name: log.warning(name + " %s%s", value, "")  # noqa: G003


def _raised(error: BaseException) -> Callable[[str], None]:
    return lambda name: log.error(name, exc_info=error)


def _message(value: Any) -> Callable[[str], None]:
    # The case's name goes along as an attribute: there may be no other text.
    return lambda name: log.warning(value, extra={"case": name})


def _key(value: Any) -> Callable[[str], None]:
    def emit(name: str) -> None:
        record = log.makeRecord("odd", 30, "odd.py", 1, name, (), None)
        record.__dict__[value] = 1
        log.handle(record)

    return emit


def _measured(value: float) -> Callable[[str], None]:
    def emit(name: str) -> None:
        telemetry.histogram("odd_seconds", "").observe(value)
        telemetry.gauge("odd_ratio", "").set(value)
        log.warning(name)

    return emit


VALUES: dict[str, Any] = {
    "long": "x" * 100_000,
    "surrogate": "a\ud800b",
    "nul": "a\0b",
    "bad utf-8": b"\xff\xfe\x80",
    "newlines": "a\nb\r\n\u2028\x85c",
    "nan": float("nan"),
    "inf": float("inf"),
    "minus inf": float("-inf"),
    "2**63": 2**63,
    "2**64": 2**64,
    "minus 2**70": -(2**70),
    "2**20000": 2**20_000,
    "deep list": nested(5_000, list),
    "deep dict": nested(5_000, dict),
    "circular list": circular(list),
    "circular dict": circular(dict),
    "keys": {1: "a", None: "b", (1, 2): "c", b"\xff": "d", 1.5: "e", "\ud800": "f"},
    "raising": Raises(),
    "raising in a dict": {"a": Raises()},
    "endless": Endless(),
    "hostile": Hostile(),
    "not text": NotText(),
    "broken mapping": BrokenMapping(),
    "wide": list(range(100_000)),
    "set": {frozenset({1})},
    "complex": 1j,
}
CASES: dict[str, Callable[[str], None]] = {
    **{f"{name} in extra": _extra(value) for name, value in VALUES.items()},
    **{f"{name} as argument": _argument(value) for name, value in VALUES.items()},
    "raising key": _key(Raises()),
    "number as key": _key(5),
    "surrogate as key": _key("\ud800"),
    "nul as key": _key("a\0b"),
    "too few arguments": lambda name: log.warning(name + " %s %s", 1),  # noqa: G003
    "error without text": _raised(BrokenError()),
    "error with a surrogate": _raised(ValueError("\udcff")),
    "errors in a long chain": _raised(chained(3_000)),
    "a text that logs": _argument(Talks()),
    "a measured 1e308": _measured(1e308),
    "a measured 2**70": _measured(2**70),
    "raising message": _message(Raises()),
    "hostile message": _message(Hostile()),
    "none as message": _message(None),
    "a list as message": _message([1, "a\ud800"]),
}
