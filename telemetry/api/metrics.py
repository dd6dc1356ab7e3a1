"""Serializers of metrics: the list, and the answer of a range query."""

from typing import Any

from rest_framework import serializers

from telemetry.api.fields import Answer, Moment, finite
from telemetry.queries.series import Point, SeriesPoints


class MetricSerializer(Answer):
    """A declared metric."""

    name = serializers.CharField()
    metric_type = serializers.ChoiceField(source="type", choices=("counter", "gauge", "histogram"))
    unit = serializers.CharField()
    help = serializers.CharField()


class MetricListSerializer(Answer):
    """Every metric, by name."""

    results = MetricSerializer(many=True)


class PointSerializer(Answer):
    """One step. A value is null where it has grown beyond what a number can hold."""

    start = Moment()
    count = serializers.IntegerField()
    total = serializers.FloatField(allow_null=True)
    minimum = serializers.FloatField(allow_null=True)
    maximum = serializers.FloatField(allow_null=True)
    last = serializers.FloatField(allow_null=True, help_text="A gauge's newest value.")
    quantiles = serializers.DictField(
        child=serializers.FloatField(), help_text="Quantile (0.5) → value, of a histogram."
    )


class SeriesSerializer(Answer):
    """One series, or several merged, with the labels that they have in common."""

    labels = serializers.DictField(child=serializers.CharField())
    points = PointSerializer(many=True)

    def to_representation(self, instance: SeriesPoints) -> dict[str, Any]:
        # By hand: an answer may have 100,000 points, and each field of DRF costs microseconds.
        return {"labels": dict(instance.labels), "points": [_point(one) for one in instance.points]}


def _point(one: Point) -> dict[str, Any]:
    return {
        "start": one.start.isoformat().replace("+00:00", "Z"),
        "count": one.count,
        "total": finite(one.total),
        "minimum": finite(one.minimum),
        "maximum": finite(one.maximum),
        "last": finite(one.last),
        "quantiles": {repr(float(q)): value for q, value in one.quantiles.items()},
    }


class RangeSerializer(MetricSerializer):
    """What a metric did over a time range."""

    start = Moment(help_text="The range asked for, widened to whole buckets.")
    end = Moment()
    step = serializers.IntegerField(help_text="Seconds a point.")
    resolution = serializers.IntegerField(help_text="Seconds of the roll-up that was read.")
    overflowed = serializers.BooleanField(
        help_text="Some observations are in the overflow series: the metric has too many series."
    )
    series = SeriesSerializer(many=True)
