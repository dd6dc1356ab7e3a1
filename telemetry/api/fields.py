"""Serializer fields and pages: times in UTC, milliseconds, finite numbers, ids as texts."""

import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from telemetry.queries.paging import Page


class Moment(serializers.DateTimeField):
    """An aware time as RFC 3339 with a Z, whatever zone and format the host likes."""

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Milliseconds(serializers.FloatField):
    """Whole microseconds as milliseconds."""

    def to_representation(self, value: Any) -> Any:
        return value / 1_000


class Key(serializers.CharField):
    """A row's key as text: it has more digits than a number of JavaScript can hold."""


class Answer(serializers.Serializer[Any]):
    """What the API only ever gives."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Names of the document's components, which a host's own serializers must not meet.
        name = f"Telemetry{cls.__name__.removesuffix('Serializer')}"
        cls.Meta = type("Meta", (), {"ref_name": name})  # type: ignore[attr-defined]


def finite(value: float | None) -> float | None:
    """The value; None for what JSON has no word for (a sum that has grown beyond every float)."""
    return value if value is not None and math.isfinite(value) else None


@lru_cache
def page_of(serializer: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The serializer of a page whose rows have this one."""
    name = serializer.__name__.removesuffix("Serializer")
    members: dict[str, Any] = {
        "__doc__": "A page of rows, newest first.",
        "next": serializers.URLField(allow_null=True, help_text="The page of older rows."),
        "searched_until": Moment(
            allow_null=True,
            help_text="Set when the time for one answer ended before the page was full: everything "
            "newer was looked at, and `next` goes on from there.",
        ),
        "results": serializer(many=True),
    }
    return type(f"{name}PageSerializer", (Answer,), members)


def page_values(
    request: Request, page: Page[Any], serializer: type[serializers.Serializer[Any]]
) -> dict[str, Any]:
    """The members of a page."""
    older = page.older
    url = request.build_absolute_uri()
    return {
        "next": None if older is None else replace_query_param(url, "cursor", str(older)),
        "searched_until": None
        if page.searched_until is None
        else Moment().to_representation(page.searched_until),
        "results": serializer(page.rows, many=True).data,
    }
