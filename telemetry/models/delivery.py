"""How far the journal has been read, by whom it was written, and what could not be read."""

from django.db import models

from telemetry.models.fields import HexIdField, MicrosecondField


class Process(models.Model):
    """A process that wrote to the journal. Its totals are final once `ended` is set."""

    writer = HexIdField(max_length=16, unique=True)
    pid = models.PositiveIntegerField(default=0)
    host = models.TextField(default="")
    role = models.TextField(default="", help_text="web, task worker or the command's name")
    app_version = models.TextField(default="")
    started = MicrosecondField(null=True)
    ended = MicrosecondField(null=True)
    emitted = models.BigIntegerField(default=0)
    dropped = models.JSONField(default=dict, help_text="{reason: records}")

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], name="process_unended", condition=models.Q(ended__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pid}"


class Segment(models.Model):
    """The reading position in one segment, updated in the transaction that stores what was read."""

    name = models.TextField(unique=True)
    process = models.ForeignKey(
        Process, on_delete=models.DO_NOTHING, null=True, db_index=False, related_name="+"
    )
    position = models.BigIntegerField(default=0, help_text="bytes")
    next_seq = models.BigIntegerField(default=0)
    stored = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    removed = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["name"], name="segment_open", condition=models.Q(removed=False)),
            models.Index(fields=["process"], name="segment_process"),
        ]


class Quarantine(models.Model):
    """Bytes of the journal that are not a record, or a record that the store refused."""

    timestamp = MicrosecondField()
    segment = models.TextField()
    offset = models.BigIntegerField(help_text="bytes from the segment's start")
    reason = models.TextField()
    data = models.BinaryField()


class LogFile(models.Model):
    """How much of a log file is committed; what lies beyond is cut off at restart.

    `inode` tells the file from one that rotation has put in its place.
    """

    name = models.TextField(primary_key=True)
    inode = models.BigIntegerField()
    length = models.BigIntegerField(help_text="bytes")
    opened = MicrosecondField()


class Total(models.Model):
    """A count over all time: `stored`, `quarantined`, `emitted`, `dropped:REASON`."""

    name = models.TextField(primary_key=True)
    value = models.BigIntegerField(default=0)
