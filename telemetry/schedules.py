"""Schedules for django-q2 (an optional extra), declared in code and laid down by `migrate`.

An app declares its own in `AppConfig.ready()`:

    schedules.declare(self, Periodic("shop: send invoices", "shop.tasks.send_invoices", minutes=5))

Laying them down again changes nothing; a changed interval or function is brought up to date. What
an operator has chosen (the next run, a schedule switched off with repeats=0) is left alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig, apps
from django.db import connections, router
from django.db.models.signals import post_migrate


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task that runs each so many minutes. `name` tells it from others for good."""

    name: str
    task: str
    minutes: int


OWN = (
    Periodic("telemetry: draw pictures", "telemetry.tasks.render_dashboards", 5),
    Periodic("telemetry: remove old records", "telemetry.tasks.prune", 15),
    Periodic("telemetry: prove redaction", "telemetry.tasks.redaction_selftest", 7 * 24 * 60),
)
# In the order of their declaration, by name.
_declared: dict[str, Periodic] = {}


def declare(app: AppConfig, *periodics: Periodic) -> None:
    """Have the app's schedules laid down by `migrate`; without django-q2 nothing happens."""

    def lay(using: str, **kwargs: Any) -> None:
        lay_down(periodics, using)

    _declared.update({periodic.name: periodic for periodic in periodics})
    uid = f"telemetry.schedules.{app.label}"
    post_migrate.connect(lay, sender=app, weak=False, dispatch_uid=uid)


def install() -> None:
    """Declare telemetry's own; called by `AppConfig.ready()`."""
    declare(apps.get_app_config("telemetry"), *OWN)


def declared() -> list[Periodic]:
    """What the apps of this project have declared."""
    return list(_declared.values())


def installed() -> bool:
    """Whether django-q2 is one of the project's apps."""
    return apps.is_installed("django_q")


def lay_down(periodics: Iterable[Periodic], using: str) -> None:
    """Create or correct the schedules, in the one database that holds django-q2's tables."""
    if not installed():
        return
    from django_q.models import Schedule

    if using != router.db_for_write(Schedule):
        return
    # `migrate telemetry` alone comes here too, before django-q2 has been migrated.
    if Schedule._meta.db_table not in connections[using].introspection.table_names():
        return
    for periodic in periodics:
        values = {
            "func": periodic.task,
            "schedule_type": Schedule.MINUTES,
            "minutes": periodic.minutes,
        }
        known = Schedule.objects.using(using).filter(name=periodic.name)
        # Not update_or_create: nothing keeps an operator from giving two schedules one name.
        if not known.update(**values):
            Schedule.objects.using(using).create(name=periodic.name, **values)
