"""Load runs: what the clients of a load test saw, beside what the server recorded of it."""

from django.db import models

from telemetry.models.fields import MicrosecondField


class LoadRun(models.Model):
    """One run of the load generator. Its requests carry `id` as `load.run_id`."""

    id = models.TextField(primary_key=True)
    first_seen = MicrosecondField(null=True, help_text="start of its first request here")
    last_seen = MicrosecondField(null=True, help_text="start of its newest request here")
    requests = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0, help_text="answers of 500 and above")
    result = models.JSONField(null=True, help_text="what the clients measured, once it has ended")

    class Meta:
        verbose_name = "load run"
        indexes = [models.Index(fields=["-first_seen"], name="loadrun_newest")]

    def __str__(self) -> str:
        return self.id
