"""Log records."""

from django.db import models
from django.db.models import Q

from telemetry.models.base import Interned, TimeKeyed
from telemetry.models.fields import HexIdField


class Log(TimeKeyed):
    """One `logging` record, redacted; `level` is Python's number (10 … 50)."""

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
    code = models.TextField(null=True, help_text="file:line function")
    attributes = models.JSONField(null=True)

    class Meta:
        verbose_name = "log record"
        indexes = [
            models.Index(fields=["uid"], name="log_uid", condition=Q(uid__isnull=False)),
            models.Index(fields=["level", "id"], name="log_severe", condition=Q(level__gte=30)),
        ]

    def __str__(self) -> str:
        return self.message[:80]
