"""Routes the telemetry models to their own database; the router governs migrate and admin only."""

from typing import Any

from telemetry.conf import settings


class TelemetryRouter:
    """Telemetry's tables live in `TELEMETRY["DATABASE"]` and nothing else does."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return settings.DATABASE if model._meta.app_label == "telemetry" else None

    # Not by a call: the application's own writes are asked about as well.
    db_for_write = db_for_read

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool | None:
        labels = {first._meta.app_label, second._meta.app_label}
        return labels == {"telemetry"} if "telemetry" in labels else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        if db == settings.DATABASE:
            return app_label == "telemetry"
        return False if app_label == "telemetry" else None
