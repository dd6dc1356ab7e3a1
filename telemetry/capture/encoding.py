"""Events → the bytes of a record, at most so many; what is left out of a long one says so."""

from collections.abc import Callable
from typing import Any

import msgspec

from telemetry.journal import events

_TEXT_LIMITS = (4_096, 1_024, 256)


def encode(event: events.Event, limit: int) -> list[bytes]:
    """The event as JSON of at most `limit` bytes; none when it cannot be made as short.

    Long texts are cut. Of a unit of work, SQL spans go first, from the end (their number is a
    column); metric samples, which have to be counted, become records of their own.
    """
    payload = _encode(event)
    if len(payload) <= limit:
        return [payload]
    for text_limit in _TEXT_LIMITS:
        event = _shorten(event, text_limit)
        payload = _encode(event)
        if len(payload) <= limit:
            return [payload]
    if isinstance(event, events.UnitDone):
        return _encode_unit(event, limit)
    if isinstance(event, events.SamplesMade) and len(event.samples) > 1:
        middle = len(event.samples) // 2
        return [
            payload
            for part in (event.samples[:middle], event.samples[middle:])
            for payload in encode(events.SamplesMade(event.uid, event.time, part), limit)
        ]
    return []


def raw(fields: dict[str, Any]) -> msgspec.Raw:
    """Cleaned fields, encoded once to stand in several records."""
    try:
        return msgspec.Raw(msgspec.json.encode(fields))
    except UnicodeEncodeError:
        return msgspec.Raw(msgspec.json.encode(_map_texts(fields, _escape_surrogates)))


def _encode_unit(unit: events.UnitDone, limit: int) -> list[bytes]:
    others: list[bytes] = []
    if len(events.encode(unit.metrics)) > limit // 4:
        end = unit.start + (unit.duration or 0)
        others = encode(events.SamplesMade(unit.uid, end, unit.metrics), limit)
        unit = msgspec.structs.replace(unit, metrics=[])
    while len(payload := _encode(unit)) > limit and unit.spans:
        unit = msgspec.structs.replace(unit, spans=unit.spans[: len(unit.spans) // 2])
    if len(payload) > limit:
        payload = _encode(msgspec.structs.replace(unit, attributes={"…": "[cut: too large]"}))
    return [*others, payload] if len(payload) <= limit else others


def _encode(event: events.Event) -> bytes:
    try:
        return events.encode(event)
    except UnicodeEncodeError:
        return events.encode(_map_texts(event, _escape_surrogates))


def _escape_surrogates(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode()


def _shorten(event: events.Event, limit: int) -> Any:
    def cut(value: str) -> str:
        return value if len(value) <= limit else f"{value[:limit]}… [cut: {len(value)} characters]"

    return _map_texts(event, cut)


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {_map_texts(k, change): _map_texts(v, change) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_map_texts(item, change) for item in value]
    if isinstance(value, msgspec.Raw):
        return _map_texts(msgspec.json.decode(value), change)
    if isinstance(value, msgspec.Struct):
        fields = {
            name: _map_texts(getattr(value, name), change) for name in value.__struct_fields__
        }
        return type(value)(**fields)
    return value
