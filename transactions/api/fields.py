"""Serializer fields that take strings only and never repeat a client's input in an error."""

import unicodedata
from typing import Any
from uuid import UUID

from rest_framework import serializers


class StrictCharField(serializers.CharField):
    """A JSON string as it is; numbers and booleans are refused, not turned into one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class CodeField(serializers.ChoiceField):
    """One of a few exact strings."""

    default_error_messages = {"invalid_choice": "Unknown. Use one of: {allowed}."}  # noqa: RUF012

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", allowed=", ".join(self.choices))
        return data


class IdField(serializers.UUIDField):
    """An id in its canonical form, as the API shows it."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or len(data) != len(str(UUID(int=0))):
            self.fail("invalid")
        value: UUID = super().to_internal_value(data)
        return value


def no_control_characters(text: str) -> None:
    """Refuses NUL, line breaks, escapes and other characters that forge lines in logs."""
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        raise serializers.ValidationError("Control characters are not allowed.", code="control")
