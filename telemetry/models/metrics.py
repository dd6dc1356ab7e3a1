"""Metrics: declarations, series, their buckets of 10 s to 30 days, and their sums for good."""

from django.db import models

from telemetry.models.base import TimeKeyed
from telemetry.models.fields import MicrosecondField


class Metric(models.Model):
    """A declared metric; names follow Prometheus rules."""

    class Type(models.TextChoices):
        COUNTER = "c", "counter"
        GAUGE = "g", "gauge"
        HISTOGRAM = "h", "histogram"

    name = models.TextField(unique=True)
    type = models.CharField(max_length=1, choices=Type.choices)
    unit = models.TextField(blank=True, default="")
    help = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return self.name


class Series(models.Model):
    """One metric with one set of labels; `labels` is JSON with sorted keys."""

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="series")
    labels = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["metric", "labels"], name="series_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.metric}{self.labels}"


class Slice(models.Model):
    """All series of a metric with one value of a label, which `ingest.slices` adds up.

    A value of NULL: the label has too many, and no slices.
    """

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="+")
    label = models.TextField()
    value = models.TextField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["metric", "label", "value"], name="slice_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.metric}{{{self.label}={self.value}}}"


class SliceMember(models.Model):
    """A series is one of a slice's."""

    pk = models.CompositePrimaryKey("series_id", "slice_id")
    series = models.ForeignKey(
        Series, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    slice = models.ForeignKey(
        Slice, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )


class Bucket(models.Model):
    """What a series did in one interval.

    From an hour on, counters and histograms also have buckets of all their series together, with
    minus the metric's number as `series_id`, and of each `Slice`.

    `start` is in seconds since the epoch. `total` is the sum of the observations (or increments),
    `last` the newest value of a gauge, set `last_at` microseconds after `start`. `histogram` has
    the observations in each `(b^(idx-1), b^idx]`, `b = 2^(1/32)`, as `ingest.packed` packs them.
    """

    pk = models.CompositePrimaryKey("resolution", "series_id", "start")
    resolution = models.PositiveIntegerField()
    series = models.ForeignKey(
        Series, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    start = models.BigIntegerField()
    count = models.BigIntegerField()
    total = models.FloatField()
    minimum = models.FloatField()
    maximum = models.FloatField()
    last = models.FloatField()
    # 0 for what is no gauge: a zero takes no room in the row.
    last_at = models.BigIntegerField(default=0)
    histogram = models.BinaryField(null=True)


class SeriesTotal(models.Model):
    """What a series did since the store was made: retention takes nothing off it.

    `total` adds increments or observations; `last` is the newest value of a gauge, `heard` when it
    was set.
    """

    series = models.OneToOneField(
        Series, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    count = models.BigIntegerField()
    total = models.FloatField()
    last = models.FloatField()
    heard = MicrosecondField()


class HistogramTotal(models.Model):
    """Observations since the store was made in `(2^(power-1), 2^power]`: 32 buckets in one."""

    pk = models.CompositePrimaryKey("series_id", "power")
    series = models.ForeignKey(
        Series, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    power = models.IntegerField()
    n = models.BigIntegerField()


class Sample(TimeKeyed):
    """One observation made outside any unit of work, kept for a short time."""

    series = models.ForeignKey(
        Series, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    value = models.FloatField()
