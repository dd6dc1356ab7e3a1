"""`migrate` writes the declared schedules, once, and leaves people's changes alone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils.module_loading import import_string
from django_q.models import Schedule

from telemetry import tasks
from telemetry.conf import settings
from tests.telemetry import factory

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

EXPECTED = {
    "telemetry.tasks.render_dashboards": 5,
    "telemetry.tasks.prune": 15,
    "telemetry.tasks.redaction_selftest": 10_080,
    "transactions.tasks.reconcile_pending": 1,
    "transactions.tasks.cleanup": 60,
}


def test_migrate_sets_up_every_schedule() -> None:
    Schedule.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert dict(Schedule.objects.values_list("func", "minutes")) == EXPECTED


@pytest.mark.parametrize("func", EXPECTED)
def test_every_scheduled_function_exists(func: str) -> None:
    assert callable(import_string(func))


def test_drawing_by_schedule_says_what_it_drew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.__dict__, "DATA_DIR", tmp_path)
    assert tasks.render_dashboards() == "nothing to draw yet"
    factory.request()
    assert tasks.render_dashboards() == "4 pictures drawn"
    assert len(list((tmp_path / "dashboards").iterdir())) == 4


def test_a_second_migrate_adds_none_and_keeps_what_people_changed() -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    Schedule.objects.filter(func="telemetry.tasks.prune").update(
        repeats=0, next_run=later, minutes=99
    )
    call_command("migrate", verbosity=0)
    assert Schedule.objects.count() == len(EXPECTED)
    found = Schedule.objects.get(func="telemetry.tasks.prune")
    assert (found.repeats, found.next_run, found.minutes) == (0, later, 15)
