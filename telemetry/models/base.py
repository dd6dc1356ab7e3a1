"""What every captured row has: a key that begins with its time.

`id = microseconds << 12 | n`: rows are kept in order of time, a time range is a key range, paging
goes by key, and there is no second index on time to maintain. `n` tells rows of one microsecond
apart.
"""

from datetime import datetime

from django.db import models
from django.db.models import F, Func, Value

from telemetry.models.fields import HexIdField, KeyField, MicrosecondField, to_microseconds

KEY_BITS = 12
KEY_SPACE = 1 << KEY_BITS
_LAST_KEY = (1 << 63) - 1
# Microseconds: one millisecond, what ingest may move a row by, and what the first version needed
# between making the id and looking at the clock.
_UNIT_SPREAD = 6_000 << KEY_BITS


def first_key(moment: datetime) -> int:
    """The lowest key that a row of `moment` can have."""
    return to_microseconds(moment) << KEY_BITS


def keys_of_unit(uid: str) -> tuple[int, int]:
    """The keys, the second one excluded, between which the row of a unit of work lies.

    A uid begins with the unit's start in milliseconds. A row may be moved up a few hundred
    microseconds when its own are taken.
    """
    milliseconds = int(uid[:12], 16)
    first = milliseconds * 1_000 << KEY_BITS
    return min(first, _LAST_KEY), min(first + _UNIT_SPREAD, _LAST_KEY)


class _ShiftRight(Func):
    template = "(%(expressions)s)"
    arg_joiner = " >> "


class UidStart(Func):
    """The first 8 bytes of a uid: what indexes of it hold."""

    # Written out: an index is used only where the query says the very same.
    template = "substr(%(expressions)s, 1, 8)"
    output_field = HexIdField(max_length=8)


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
    """A text referred to by number: route, logger, template, statement, user agent, code line."""

    value = models.TextField(unique=True)

    def __str__(self) -> str:
        return self.value
