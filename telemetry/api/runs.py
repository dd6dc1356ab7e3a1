"""Serializers of load runs: what clients and server saw, side by side."""

from typing import Any

from rest_framework import serializers

from telemetry.api.fields import Answer, Moment
from telemetry.api.records import ErrorGroupSerializer
from telemetry.api.units import RequestSerializer


class FiguresSerializer(Answer):
    """What clients measured of one endpoint, or of all; times in milliseconds."""

    method = serializers.CharField()
    name = serializers.CharField()
    requests = serializers.IntegerField()
    failures = serializers.IntegerField()
    unanswered = serializers.IntegerField()
    throughput = serializers.FloatField()
    times = serializers.DictField(child=serializers.FloatField())


class RunSerializer(Answer):
    """One load run; `requests` and `errors` count what this server stored."""

    id = serializers.CharField()
    first_seen = Moment(allow_null=True)
    last_seen = Moment(allow_null=True)
    requests = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    difference = serializers.IntegerField(
        allow_null=True, help_text="Requests that the clients counted less those stored."
    )
    is_complete = serializers.BooleanField(
        allow_null=True, help_text="Whether what is stored can be what was sent."
    )
    client_total = FiguresSerializer(
        source="client.total", default=None, allow_null=True, help_text="null: no result came in."
    )


class FailureSerializer(Answer):
    """One kind of failure as the clients saw it."""

    method = serializers.CharField()
    name = serializers.CharField()
    error = serializers.CharField()
    count = serializers.IntegerField()


class RunPointSerializer(Answer):
    """One step of the run's course; times in milliseconds."""

    timestamp = Moment(source="at")
    users = serializers.IntegerField()
    requests = serializers.IntegerField()
    failures = serializers.IntegerField()
    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)


class ClientSerializer(Answer):
    """The clients' result."""

    duration = serializers.FloatField(help_text="Seconds.")
    host = serializers.CharField()
    gateway_profile = serializers.CharField()
    ended_by = serializers.CharField()
    total = FiguresSerializer()
    unfinished = serializers.IntegerField()
    endpoints = FiguresSerializer(many=True)
    failures = FailureSerializer(many=True)
    step = serializers.IntegerField(help_text="Seconds a point.")
    points = RunPointSerializer(many=True)
    options = serializers.DictField()
    machine = serializers.DictField()


class ServerSideSerializer(Answer):
    """What the server measured at one endpoint; milliseconds."""

    requests = serializers.IntegerField()
    failures = serializers.IntegerField()
    p50 = serializers.FloatField()
    p95 = serializers.FloatField()
    p99 = serializers.FloatField()
    most = serializers.FloatField()


class EndpointSerializer(Answer):
    """Both sides of one endpoint; null where a side has nothing of it."""

    method = serializers.CharField()
    route = serializers.CharField()
    client = FiguresSerializer(allow_null=True)
    server = ServerSideSerializer(allow_null=True)


class RunErrorSerializer(Answer):
    """A fault of a run, and how often it happened there."""

    group = ErrorGroupSerializer()
    times = serializers.IntegerField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        group, times = instance
        return {"group": ErrorGroupSerializer(group).data, "times": times}


class RunDetailSerializer(Answer):
    """One load run in detail."""

    run = RunSerializer()
    client = ClientSerializer(allow_null=True)
    endpoints = EndpointSerializer(many=True)
    slowest = RequestSerializer(many=True, help_text="Empty without the permission for requests.")
    faults = RunErrorSerializer(many=True, help_text="Empty without the permission for errors.")
    looked_at = serializers.IntegerField(
        help_text="The newest requests that server figures, slowest and faults are of."
    )
    is_partial = serializers.BooleanField(help_text="The run has more requests than that.")
