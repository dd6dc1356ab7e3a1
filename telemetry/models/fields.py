"""Column types: microsecond times as integers, ids as bytes, JSON that is not parsed once more."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(value: datetime) -> int:
    """Whole microseconds since the Unix epoch; a naive datetime is taken in the current zone."""
    if timezone.is_naive(value):
        value = timezone.make_aware(value)
    return (value - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The aware UTC datetime of `value` microseconds since the Unix epoch."""
    return _EPOCH + timedelta(microseconds=value)


class MicrosecondField(models.BigIntegerField):  # type: ignore[type-arg]
    """An aware datetime to Python, UTC microseconds since the epoch (8 bytes) in the database."""

    description = "Time in microseconds since the epoch"

    def from_db_value(
        self, value: int | None, expression: object, connection: object
    ) -> datetime | None:
        return None if value is None else from_microseconds(value)

    def to_python(self, value: Any) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        if isinstance(value, int):
            return from_microseconds(value)
        parsed = parse_datetime(str(value))
        if parsed is None:
            raise ValidationError(
                "“%(value)s” is not a time. Write it as 2026-01-31T13:05:00Z.",
                code="invalid",
                params={"value": value},
            )
        return parsed if timezone.is_aware(parsed) else timezone.make_aware(parsed)

    def get_prep_value(self, value: Any) -> int | None:
        if value is None or hasattr(value, "resolve_expression") or isinstance(value, int):
            prepared: int | None = value
            return prepared
        moment = self.to_python(value)
        return None if moment is None else to_microseconds(moment)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else value.isoformat()

    def formfield(self, **kwargs: Any) -> Any:
        return models.DateTimeField.formfield(self, **kwargs)


class KeyField(models.BigIntegerField):  # type: ignore[type-arg]
    """An integer primary key that SQLite keeps as its row id, with no index beside the table.

    It does so for the declared type `integer` alone; Django's BigIntegerField says `bigint`.
    """

    description = "Row key"

    def db_type(self, connection: Any) -> str:
        return "integer"


class HexIdField(models.BinaryField):  # type: ignore[type-arg]
    """A lower-case hexadecimal string to Python, half as many bytes in the database."""

    description = "Identifier"

    def from_db_value(
        self, value: bytes | None, expression: object, connection: object
    ) -> str | None:
        return None if value is None else bytes(value).hex()

    def to_python(self, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        return bytes(value).hex()

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if isinstance(value, str):
            return bytes.fromhex(value)
        return bytes(value)

    def value_to_string(self, obj: models.Model) -> str:
        return self.to_python(self.value_from_object(obj)) or ""


class CapturedJSONField(models.JSONField):
    """JSON that ingest itself has encoded: without the constraint that parses it at each insert."""

    description = "JSON written by ingest"

    def db_check(self, connection: Any) -> None:
        return None
