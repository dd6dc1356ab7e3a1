"""Any Python value → a value that JSON holds, bounded and redacted."""

import math
from collections.abc import Mapping
from typing import Any

from telemetry.capture import redact

TEXT_LIMIT = 8_192
MAX_DEPTH = 6
MAX_ITEMS = 64
MAX_NODES = 500
_INT_LIMIT = 1 << 63


def text(value: str, limit: int = TEXT_LIMIT) -> str:
    """At most `limit` characters, marked with the original length when cut, and redacted."""
    if len(value) <= limit:
        return redact.text(value)
    return f"{redact.text(value[:limit])}… [cut: {len(value)} characters]"


def describe(value: object) -> str:
    """`str(value)`, or what it is when its own code raises."""
    try:
        return str(value)
    except Exception as error:
        return f"<{type(value).__qualname__}: str() raised {type(error).__name__}>"


def clean(value: Any) -> Any:
    """A JSON value of `value`: bounded in depth, width and length; never raises."""
    return _clean(value, 0, [MAX_NODES])


def clean_mapping(values: Mapping[Any, Any]) -> dict[str, Any]:
    """`clean` of a mapping; the values of sensitive keys are replaced."""
    return _mapping(values, 0, [MAX_NODES])


def _clean(value: Any, depth: int, budget: list[int]) -> Any:
    kind = type(value)
    if kind is str:
        return text(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return _integer(value)
    if kind is float:
        return value if math.isfinite(value) else str(value)
    budget[0] -= 1
    if depth >= MAX_DEPTH or budget[0] <= 0:
        return f"<{kind.__qualname__}: too deep>"
    if isinstance(value, Mapping):
        return _mapping(value, depth, budget)
    if isinstance(value, list | tuple | set | frozenset):
        return _sequence(value, depth, budget)
    if isinstance(value, bytes | bytearray):
        return text(bytes(value[:TEXT_LIMIT]).decode("utf-8", "backslashreplace"))
    return text(describe(value))


def _integer(value: int) -> int | str:
    if -_INT_LIMIT <= value < _INT_LIMIT:
        return value
    # The decimal digits of a huge integer take quadratic time, and Python refuses them past 4,300.
    return str(value) if value.bit_length() <= 256 else f"<int of {value.bit_length()} bits>"


def _mapping(values: Mapping[Any, Any], depth: int, budget: list[int]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    try:
        for key, value in values.items():
            if len(cleaned) >= MAX_ITEMS:
                cleaned["…"] = f"[cut: {len(values)} items]"
                break
            name = key if type(key) is str else describe(key)
            if redact.is_sensitive(name):
                cleaned[name[:200]] = redact.REDACTED
            else:
                cleaned[text(name, 200)] = _clean(value, depth + 1, budget)
    except Exception as error:
        cleaned["…"] = f"<{type(values).__qualname__}: raised {type(error).__name__}>"
    return cleaned


def _sequence(values: Any, depth: int, budget: list[int]) -> list[Any]:
    cleaned: list[Any] = []
    for value in values:
        if len(cleaned) >= MAX_ITEMS:
            cleaned.append(f"… [cut: {len(values)} items]")
            break
        cleaned.append(_clean(value, depth + 1, budget))
    return cleaned
