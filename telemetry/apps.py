"""Application configuration: registers checks and signals only; no database, no thread."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = "telemetry"
    verbose_name = "Telemetry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from telemetry import checks, wiring

        checks.register()
        wiring.install()
