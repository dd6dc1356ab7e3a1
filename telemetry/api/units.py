"""Serializers of units of work: a row of the list, and one with all that its row holds."""

from typing import Any

from rest_framework import serializers

from telemetry.api.fields import Answer, Milliseconds, Moment
from telemetry.queries.values import KINDS

_TYPES = {"c": "counter", "g": "gauge", "h": "histogram"}


class RepeatedSerializer(Answer):
    """A statement that one unit ran many times (N+1)."""

    statement = serializers.CharField()
    count = serializers.IntegerField()
    time_ms = Milliseconds(source="time")
    code = serializers.CharField(allow_null=True)


class RequestSerializer(Answer):
    """One unit of work: a request, a task or a command."""

    id = serializers.CharField(source="uid")
    trace_id = serializers.CharField()
    request_id = serializers.CharField()
    timestamp = Moment(source="at")
    kind = serializers.ChoiceField(choices=list(KINDS))
    is_self = serializers.BooleanField()
    method = serializers.CharField(allow_null=True)
    route = serializers.CharField()
    path = serializers.CharField(allow_null=True)
    status = serializers.IntegerField(allow_null=True)
    duration_ms = Milliseconds(source="duration", allow_null=True)
    level = serializers.IntegerField(help_text="The highest of its log records; 0: none.")
    outcome = serializers.CharField(allow_null=True)
    transaction_id = serializers.CharField(allow_null=True)
    user_id = serializers.CharField(allow_null=True)
    error_type = serializers.CharField(allow_null=True)
    db_count = serializers.IntegerField()
    db_time_ms = Milliseconds(source="db_time")
    log_count = serializers.IntegerField()
    weight = serializers.FloatField(
        allow_null=True, help_text="Units that its kept detail stands for; null: none was kept."
    )
    repeated = RepeatedSerializer(allow_null=True)


class ProcessSerializer(Answer):
    """The process that a unit ran in."""

    pid = serializers.IntegerField()
    host = serializers.CharField()
    role = serializers.CharField()
    app_version = serializers.CharField()


class SampleSerializer(Answer):
    """One observation of a metric."""

    metric = serializers.CharField(source="name")
    metric_type = serializers.SerializerMethodField()
    # Over a property of the base class that is of no use here.
    labels = serializers.DictField(child=serializers.CharField())
    value = serializers.FloatField()

    def get_metric_type(self, sample: Any) -> str:
        return _TYPES.get(sample.type, "unknown")


class SpanSerializer(Answer):
    """One SQL statement, its values left out."""

    offset_ms = serializers.FloatField(help_text="From the unit's start.")
    duration_ms = serializers.FloatField()
    database = serializers.CharField()
    statement = serializers.CharField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        offset, duration, database, statement = instance
        return {
            "offset_ms": offset / 1_000,
            "duration_ms": duration / 1_000,
            "database": database,
            "statement": statement,
        }


class RequestDetailSerializer(RequestSerializer):
    """One unit of work with everything that its row holds."""

    ended = Moment(allow_null=True)
    process = ProcessSerializer(allow_null=True)
    attributes = serializers.DictField()
    metrics = SampleSerializer(many=True)
    spans = SpanSerializer(many=True, allow_null=True, help_text="null: only their count was kept.")
    caller_span_id = serializers.CharField(allow_null=True)
    overhead_ms = Milliseconds(
        source="overhead",
        allow_null=True,
        help_text="What telemetry itself spent in it, where that was measured.",
    )
