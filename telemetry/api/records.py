"""Serializers of log records, errors, and a trace."""

from rest_framework import serializers

from telemetry.api.fields import Answer, Key, Milliseconds, Moment, page_of
from telemetry.api.units import RequestDetailSerializer

_KINDS = ("unit", "log", "sql", "error", "metric")


class LogSerializer(Answer):
    """One log record."""

    id = Key()
    timestamp = Moment(source="at")
    request = serializers.CharField(
        source="uid", allow_null=True, help_text="The unit of work; null: outside of any."
    )
    level = serializers.IntegerField()
    logger = serializers.CharField()
    route = serializers.CharField(allow_null=True)
    message = serializers.CharField()
    code = serializers.CharField(allow_null=True)
    attributes = serializers.DictField()
    weight = serializers.FloatField(
        allow_null=True, help_text="Records that it stands for, where others were left out."
    )


class ErrorGroupSerializer(Answer):
    """One fault: the same exception raised at the same place of the code."""

    id = serializers.IntegerField()
    type = serializers.CharField()
    message = serializers.CharField()
    culprit = serializers.CharField()
    route = serializers.CharField(allow_null=True)
    first_seen = Moment()
    last_seen = Moment()
    count = serializers.IntegerField()


class OccurrenceSerializer(Answer):
    """One time that a fault happened."""

    id = Key()
    timestamp = Moment(source="at")
    request = serializers.CharField(
        source="uid", allow_null=True, help_text="The unit of work; null: outside of any."
    )
    handled = serializers.BooleanField()
    message = serializers.CharField()
    stack = serializers.CharField()


class ErrorDetailSerializer(page_of(OccurrenceSerializer)):  # type: ignore[misc]
    """A fault, and a page of the times that it happened, newest first."""

    group = ErrorGroupSerializer()


class EntrySerializer(Answer):
    """One thing that happened in a trace."""

    entry = serializers.ChoiceField(source="kind", choices=_KINDS)
    timestamp = Moment(source="at")
    offset_ms = Milliseconds(source="offset", help_text="From the first entry of all.")
    duration_ms = Milliseconds(source="duration", allow_null=True)
    request = serializers.CharField(source="uid", allow_null=True)
    title = serializers.CharField()
    level = serializers.IntegerField(allow_null=True)
    origin = serializers.CharField(
        source="source", help_text="Logger, database, kind of unit, or how an error was met."
    )
    text = serializers.CharField(help_text="The stack of an error.")
    attributes = serializers.DictField()
    weight = serializers.FloatField(allow_null=True)


class TraceSerializer(Answer):
    """A trace, or all units of a transaction, with what they did in order of time."""

    found = serializers.ChoiceField(choices=("trace", "transaction"))
    id = serializers.CharField()
    requests = RequestDetailSerializer(many=True)
    more_requests = serializers.BooleanField(help_text="There are more than are shown.")
    entries = EntrySerializer(many=True)
    cut = serializers.ListField(
        child=serializers.CharField(),
        help_text="Kinds of entries of which only the first are here.",
    )
