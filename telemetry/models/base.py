"""What every captured row has: a key that begins with its time.

`id = microseconds << 12 | n`: rows are kept in order of time, a time range is a key range, paging
goes by key, and there is no second index on time to maintain. `n` tells rows of one microsecond
apart.
"""

from datetime import datetime

from django.db import models
from django.db.models import F, Func, Value

from telemetry.models.fields import KeyField, MicrosecondField, to_microseconds

KEY_BITS = 12
KEY_SPACE = 1 << KEY_BITS


def first_key(moment: datetime) -> int:
    """The lowest key that a row of `moment` can have."""
    return to_microseconds(moment) << KEY_BITS


class _ShiftRight(Func):
    template = "(%(expressions)s)"
    arg_joiner = " >> "


class TimeKeyed(models.Model):
    """An immutable row, written by ingest alone."""

    id = KeyField(primary_key=True)
    timestamp = models.GeneratedField(
        expression=_ShiftRight(F("id"), Value(KEY_BITS)),
        output_field=MicrosecondField(),
        db_persist=False,
    )

    class Meta:
        abstract = True


class Interned(models.ForeignKey):  # type: ignore[type-arg]
    """A reference to a `Name`: a text that stands in many rows is stored once."""

    def __init__(self, **kwargs: object) -> None:
        kwargs.setdefault("to", "telemetry.Name")
        kwargs["on_delete"] = models.DO_NOTHING
        # A constraint would be checked for each captured row, and names are never deleted.
        kwargs["db_constraint"] = False
        kwargs.setdefault("db_index", False)
        kwargs["related_name"] = "+"
        super().__init__(**kwargs)  # type: ignore[arg-type]


class Name(models.Model):
    """A text referred to by number: route, logger, message template, exception type."""

    value = models.TextField(unique=True)

    def __str__(self) -> str:
        return self.value
