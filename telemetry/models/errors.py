"""Errors: a group for each distinct fault, an occurrence for each time that it happened."""

from django.db import models

from telemetry.models.base import Interned, TimeKeyed
from telemetry.models.fields import HexIdField, MicrosecondField


class Error(models.Model):
    """Occurrences of one fault: same exception type raised at the same place of the code."""

    fingerprint = HexIdField(max_length=16, unique=True)
    type = models.TextField()
    message = models.TextField(help_text="of the newest occurrence")
    culprit = models.TextField(help_text="file:line function that raised")
    route = Interned(null=True, help_text="of the newest occurrence")
    first_seen = MicrosecondField()
    last_seen = MicrosecondField(db_index=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "error"

    def __str__(self) -> str:
        return f"{self.type}: {self.message[:80]}"


class Occurrence(TimeKeyed):
    """One exception: raised out of a view, a task or a command, or logged with its stack."""

    error = models.ForeignKey(
        Error, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    uid = HexIdField(max_length=16, null=True)
    process = models.ForeignKey(
        "telemetry.Process",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        null=True,
    )
    handled = models.BooleanField(help_text="caught and logged by the application")
    message = models.TextField()
    stack = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["error", "id"], name="occurrence_error"),
            models.Index(fields=["uid"], name="occurrence_uid"),
        ]
