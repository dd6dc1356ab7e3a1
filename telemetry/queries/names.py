"""Interned texts: routes, loggers, templates and error types, by number and by text."""

from collections.abc import Iterable

from telemetry.models import Name
from telemetry.queries.store import rows

# A text that is part of more names than this is no filter.
_MOST = 200


def texts(numbers: Iterable[int | None]) -> dict[int | None, str]:
    """The texts of `numbers`; a number that the store lacks is left out."""
    wanted = {number for number in numbers if number is not None}
    found = rows(Name).filter(id__in=wanted).values_list("id", "value") if wanted else ()
    return dict(found)


def numbers(text: str) -> list[int]:
    """The name that is `text`, or else those that contain it, whatever their case."""
    exact = list(rows(Name).filter(value=text).values_list("id", flat=True))
    if exact:
        return exact
    return list(rows(Name).filter(value__icontains=text).values_list("id", flat=True)[:_MOST])
