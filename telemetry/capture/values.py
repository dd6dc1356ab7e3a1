"""Any Python value → a value that JSON holds, bounded and redacted."""

from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any

from django.core.signals import setting_changed

from telemetry.capture import redact

TEXT_LIMIT = 8_192
MAX_DEPTH = 6
MAX_ITEMS = 64
# Of one structure in all: what is longer would not fit into a record anyway.
MAX_NODES = 1_000
MAX_CHARACTERS = 32_768
# So short that MAX_ITEMS of them are within MAX_CHARACTERS.
_SHORT = MAX_CHARACTERS // MAX_ITEMS
_INT_LIMIT = 1 << 63
# Most secrets are shorter.
_MARGIN = 256
# Key → what it is called in a record, or None where its value is never kept. Programs have few
# keys; data that comes as keys must not fill the memory.
_KEYS_LIMIT = 2_000
_keys: dict[str, str | None] = {}


def text(value: str, limit: int = TEXT_LIMIT) -> str:
    """At most `limit` characters, marked with the original length when cut, and redacted."""
    if type(value) is not str:
        # The encoder refuses subclasses, Django's SafeString for one.
        value = str.__str__(value)
    if len(value) <= limit:
        return redact.text(value)
    return f"{_cut(value, limit, redact.text)}… [cut: {len(value)} characters]"


def path(value: str, limit: int) -> str:
    """`text` of a URL's path, which has words after which the next segment is a secret."""
    if len(value) > limit:
        return f"{_cut(value, limit, redact.path)}… [cut: {len(value)} characters]"
    return redact.path(value)


def _cut(value: str, limit: int, mask: Callable[[str], str]) -> str:
    # What the cut parts in two is not known for a secret: so the end of what was looked at goes.
    shown = mask(value[: limit + _MARGIN])
    if len(value) > limit + _MARGIN:
        shown = shown[:-_MARGIN]
    return shown[:limit]


def describe(value: object) -> str:
    """`str(value)`, or what it is when its own code raises."""
    try:
        found = str(value)
        # `__str__` may answer with a subclass (SafeString does), which the encoder refuses.
        return found if type(found) is str else str.__str__(found)
    except Exception as error:
        return f"<{type(value).__qualname__}: str() raised {type(error).__name__}>"


def clean(value: Any) -> Any:
    """A JSON value of `value`: bounded in depth, width and length; never raises."""
    return _clean(value, 0, _Budget())


def clean_mapping(values: Mapping[Any, Any]) -> dict[str, Any]:
    """`clean` of a mapping; the values of sensitive keys are replaced."""
    if type(values) is dict and len(values) <= MAX_ITEMS:
        # Names and values go by their places, which another thread may change meanwhile.
        values = values.copy()
        called = names(values)
        cleaned = None if called is None else flat(called, values.values())
        if cleaned is not None:
            return cleaned
    return _mapping(values, 0, _Budget())


def names(keys: Iterable[Any]) -> tuple[str, ...] | None:
    """What these are called in a record; None where one is no text, or its values are not kept."""
    found = []
    for key in keys:
        name = _name(key) if type(key) is str else None
        if name is None:
            return None
        found.append(name)
    return tuple(found)


def flat(called: Iterable[str], values: Iterable[Any]) -> dict[str, Any] | None:
    """`clean_mapping` of values under such names, quickly, where they are what is most usual:
    short texts and numbers. Else None."""
    cleaned: dict[str, Any] = {}
    for name, value in zip(called, values, strict=True):
        kind = type(value)
        if kind is str and len(value) <= _SHORT:
            cleaned[name] = redact.text(value)
        elif (
            (kind is int and -_INT_LIMIT <= value < _INT_LIMIT)
            or value is None
            or kind is bool
            or (kind is float and isfinite(value))
        ):
            cleaned[name] = value
        else:
            return None
    return cleaned


class _Budget:
    """What is left for one structure."""

    __slots__ = ("characters", "nodes")

    def __init__(self) -> None:
        self.nodes = MAX_NODES
        self.characters = MAX_CHARACTERS

    def text(self, value: str) -> str:
        limit = min(TEXT_LIMIT, self.characters)
        self.characters -= min(len(value), limit)
        return text(value, limit)


def _clean(value: Any, depth: int, budget: _Budget) -> Any:
    kind = type(value)
    budget.nodes -= 1
    if kind is str:
        return budget.text(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return _integer(value)
    if kind is float:
        return value if isfinite(value) else str(value)
    try:
        return _other(value, depth, budget)
    except Exception as error:
        return f"<{kind.__qualname__}: raised {type(error).__name__}>"


def _other(value: Any, depth: int, budget: _Budget) -> Any:
    is_mapping = isinstance(value, Mapping)
    if is_mapping or isinstance(value, list | tuple | set | frozenset):
        if depth >= MAX_DEPTH:
            return f"<{type(value).__qualname__}: too deep>"
        return _mapping(value, depth, budget) if is_mapping else _sequence(value, depth, budget)
    if isinstance(value, bytes | bytearray):
        return budget.text(bytes(value[:TEXT_LIMIT]).decode("utf-8", "backslashreplace"))
    return budget.text(describe(value))


def _integer(value: int) -> int | str:
    if -_INT_LIMIT <= value < _INT_LIMIT:
        return value
    # The decimal digits of a huge integer take quadratic time, and Python refuses them past 4,300.
    return str(value) if value.bit_length() <= 256 else f"<int of {value.bit_length()} bits>"


def _mapping(values: Mapping[Any, Any], depth: int, budget: _Budget) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    try:
        for key, value in values.items():
            if len(cleaned) >= MAX_ITEMS or budget.nodes <= 0:
                cleaned["…"] = f"[cut: {len(values)} items]"
                break
            given = key if type(key) is str else describe(key)
            name = _name(given)
            if name is None:
                cleaned[text(given, 200)] = redact.REDACTED
            else:
                cleaned[name] = _clean(value, depth + 1, budget)
    except Exception as error:
        cleaned["…"] = f"<{type(values).__qualname__}: raised {type(error).__name__}>"
    return cleaned


def _name(key: str) -> str | None:
    if key in _keys:
        return _keys[key]
    found = None if redact.is_sensitive(key) else text(key, 200)
    if len(key) <= 200:
        if len(_keys) >= _KEYS_LIMIT:
            _keys.clear()
        _keys[key] = found
    return found


def _forget_keys(*, setting: str, **kwargs: Any) -> None:
    if setting == "TELEMETRY":
        _keys.clear()


setting_changed.connect(_forget_keys)


def _sequence(values: Any, depth: int, budget: _Budget) -> list[Any]:
    cleaned: list[Any] = []
    for value in values:
        if len(cleaned) >= MAX_ITEMS or budget.nodes <= 0:
            cleaned.append(f"… [cut: {len(values)} items]")
            break
        cleaned.append(_clean(value, depth + 1, budget))
    return cleaned
