"""One wide row per unit of work: a request, a task or a command."""

from django.db import models
from django.db.models import Q

from telemetry.models.base import Interned, TimeKeyed
from telemetry.models.fields import CapturedJSONField, HexIdField


class Request(TimeKeyed):
    """The canonical record of one unit of work; `timestamp` is its start.

    Durations are microseconds, sizes bytes. `uid` is our own id: its first 48 bits are the start in
    milliseconds, so it is found by its row's key and has no index. The ids that a caller sent are
    kept only where they differ from it. What has a column of its own is not among `attributes`.
    """

    class Kind(models.IntegerChoices):
        HTTP = 1, "request"
        TASK = 2, "task"
        COMMAND = 3, "command"

    uid = HexIdField(max_length=16)
    caller_trace_id = HexIdField(max_length=16, null=True)
    caller_span_id = HexIdField(max_length=8, null=True)
    caller_request_id = models.TextField(null=True)
    process = models.ForeignKey(
        "telemetry.Process",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        null=True,
    )
    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    is_self = models.BooleanField(help_text="telemetry's own pages, health checks, static files")
    method = models.TextField(null=True)
    route = Interned(help_text="URL pattern, task function or command name")
    path = models.TextField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    duration = models.BigIntegerField(null=True, help_text="microseconds")
    level = models.PositiveSmallIntegerField(help_text="highest level among its log records, or 0")
    outcome = models.TextField(null=True, help_text="payment.outcome")
    transaction_id = models.TextField(null=True)
    load_run_id = models.TextField(null=True)
    user_id = models.TextField(null=True)
    error_type = Interned(null=True)
    db_count = models.PositiveIntegerField(default=0)
    db_time = models.BigIntegerField(default=0, help_text="microseconds")
    log_count = models.PositiveIntegerField(default=0)
    client_address = models.TextField(null=True, help_text="the network that it came from")
    user_agent = Interned(null=True)
    request_size = models.BigIntegerField(null=True, help_text="bytes of the body")
    response_size = models.BigIntegerField(null=True, help_text="bytes of the body")
    weight = models.FloatField(null=True, help_text="units that its kept detail stands for")
    overhead = models.BigIntegerField(null=True, help_text="microseconds telemetry spent in it")
    queue_time = models.BigIntegerField(null=True, help_text="microseconds it waited for a worker")
    repeated = CapturedJSONField(
        null=True, help_text="N+1: [statement, times run, microseconds, code line]; texts as names"
    )
    attributes = CapturedJSONField(null=True)
    metrics = CapturedJSONField(null=True, help_text="[series, value, series, value, …]")
    spans = CapturedJSONField(
        null=True, help_text="[[offset µs, duration µs, database, statement]]; texts as names"
    )

    class Meta:
        verbose_name = "request"
        indexes = [
            models.Index(
                fields=["caller_trace_id"],
                name="request_trace",
                condition=Q(caller_trace_id__isnull=False),
            ),
            models.Index(
                fields=["caller_request_id"],
                name="request_caller_id",
                condition=Q(caller_request_id__isnull=False),
            ),
            models.Index(
                fields=["transaction_id"],
                name="request_transaction",
                condition=Q(transaction_id__isnull=False),
            ),
            models.Index(
                fields=["load_run_id", "id"],
                name="request_load_run",
                condition=Q(load_run_id__isnull=False),
            ),
            # What on-call opens first: failed units, newest first, at any table size.
            models.Index(
                fields=["id"], name="request_failed", condition=Q(error_type__isnull=False)
            ),
            models.Index(
                fields=["id"], name="request_repeated", condition=Q(repeated__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method or self.get_kind_display()} {self.uid}"

    @property
    def trace_id(self) -> str:
        """The W3C trace id: the caller's where one came in, else our own."""
        return str(self.caller_trace_id or self.uid)

    @property
    def request_id(self) -> str:
        """What X-Request-ID answered."""
        return self.caller_request_id or self.uid
