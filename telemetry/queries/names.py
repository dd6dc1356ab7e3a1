"""Interned texts: routes, loggers, templates and error types, by number and by text."""

from collections.abc import Iterable

from telemetry.models import Name
from telemetry.queries.store import rows

# A text that is part of more names than this is no filter.
_MOST = 200
_MOST_CONTAINING = 5_000


def texts(numbers: Iterable[int | str | None]) -> dict[int | None, str]:
    """The texts of `numbers`; a number that the store lacks is left out."""
    # A text where there was no room for a name is not looked up.
    wanted = {number for number in numbers if isinstance(number, int)}
    found = rows(Name).filter(id__in=wanted).values_list("id", "value") if wanted else ()
    return dict(found)


def resolve(stored: int | str, known: dict[int | None, str]) -> str:
    """The text that `stored` refers to; a text that was stored in place of a number is itself."""
    return stored if isinstance(stored, str) else known.get(stored, f"(name {stored})")


def containing(text: str) -> list[int]:
    """The names that contain `text`, whatever its case; at most some thousands."""
    found = rows(Name).filter(value__icontains=text).values_list("id", flat=True)
    return list(found[:_MOST_CONTAINING])


def numbers(text: str) -> list[int]:
    """The name that is `text`, or else those that contain it, whatever their case."""
    exact = list(rows(Name).filter(value=text).values_list("id", flat=True))
    if exact:
        return exact
    return list(rows(Name).filter(value__icontains=text).values_list("id", flat=True)[:_MOST])
