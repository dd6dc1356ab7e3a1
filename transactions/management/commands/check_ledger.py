"""`manage.py check_ledger`: verify that no money was made or lost."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from transactions.services.audit import check_ledger


class Command(BaseCommand):
    help = "Verifies the ledger: one line; exit status 1 when it does not balance."

    def handle(self, *args: Any, **options: Any) -> None:
        report = check_ledger()
        if report.problems:
            raise CommandError(f"Ledger does not balance: {'; '.join(report.problems)}.")
        self.stdout.write(
            f"Ledger balances: {report.transactions} transactions, {report.entries} entries."
        )
