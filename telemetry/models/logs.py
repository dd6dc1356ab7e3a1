"""Log records."""

from django.db import models
from django.db.models import Q

from telemetry.models.base import Interned, TimeKeyed, UidStart
from telemetry.models.fields import CapturedJSONField, HexIdField


class Log(TimeKeyed):
    """One `logging` record, redacted; `level` is Python's number (10 … 50).

    `bound` are the fields that its unit had at that moment, kept where they differ from those of
    the unit's record before.
    """

    uid = HexIdField(max_length=16, null=True, help_text="the unit of work that it was made in")
    process = models.ForeignKey(
        "telemetry.Process",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        null=True,
    )
    level = models.PositiveSmallIntegerField()
    logger = Interned()
    route = Interned(null=True)
    template = Interned(null=True, help_text="the message before its arguments went in")
    message = models.TextField()
    code = Interned(null=True, help_text="file:line function")
    weight = models.FloatField(null=True, help_text="records that it stands for, itself included")
    attributes = CapturedJSONField(null=True, help_text="its own")
    bound = CapturedJSONField(null=True, help_text="null: as the record before it")

    class Meta:
        verbose_name = "log record"
        indexes = [
            # Its first half tells units apart well enough, and costs a third less room.
            models.Index(UidStart("uid"), name="log_uid", condition=Q(uid__isnull=False)),
            # Where the records of a unit that say nothing of it look for what was bound.
            models.Index(UidStart("uid"), name="log_bound", condition=Q(bound__isnull=False)),
            models.Index(fields=["level", "id"], name="log_severe", condition=Q(level__gte=30)),
        ]

    def __str__(self) -> str:
        return self.message[:80]
