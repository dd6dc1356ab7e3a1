"""Application configuration: registers checks, the dossier and the clearing accounts' creation."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TransactionsConfig(AppConfig):
    name = "transactions"
    verbose_name = "Transactions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import telemetry
        from telemetry import schedules
        from telemetry.schedules import Periodic
        from transactions import checks, dossier, metrics  # noqa: F401 (declares the metrics)

        checks.register()
        telemetry.register_dossier(dossier.sections)
        schedules.declare(
            self,
            Periodic("transactions: settle pending", "transactions.tasks.reconcile_pending", 1),
            Periodic("transactions: clean up", "transactions.tasks.cleanup", 60),
        )
        post_migrate.connect(_ensure_clearing_accounts, sender=self)


def _ensure_clearing_accounts(using: str, **_kwargs: Any) -> None:
    # Not in a migration: emptying the database between tests would remove them for good.
    from transactions.services.accounts import ensure_clearing_accounts

    if using == "default":
        ensure_clearing_accounts()
