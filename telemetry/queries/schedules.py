"""When the scheduled tasks ran, with what result, and whether anything runs them at all.

These rows are django-q2's, in the application's own database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from telemetry import schedules

COMMAND = "python manage.py qcluster"
# A cluster looks for due schedules twice a minute.
_LATE = timedelta(seconds=90)
_LONGEST_RESULT = 400


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a task; `result` is its answer, or the last line of what it raised."""

    started: datetime
    stopped: datetime
    success: bool
    result: str

    @property
    def microseconds(self) -> int:
        """How long it took."""
        return (self.stopped - self.started) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One declared schedule; `next_run` and `last` are None where there is none."""

    name: str
    task: str
    minutes: int
    next_run: datetime | None
    switched_off: bool
    last: Run | None


@dataclass(frozen=True, slots=True)
class Schedules:
    """All of them. `problem` says in one sentence why they do not run, `command` what to run."""

    rows: Sequence[ScheduleRow]
    problem: str = ""
    command: str = ""


def state(now: datetime | None = None) -> Schedules:
    """The declared schedules in order of declaration."""
    if not schedules.installed():
        return Schedules((), "Nothing runs by itself: django-q2 is not installed in this project.")
    try:
        rows, known = _rows()
    except DatabaseError as error:
        # Not the store's own database: its pages would name the wrong one.
        return Schedules((), f"The schedules cannot be read: {error}.", "python manage.py migrate")
    if known < len(rows):
        return Schedules(rows, "Some schedules are not laid down.", "python manage.py migrate")
    return Schedules(rows, *_problem(rows, now or timezone.now()))


def _rows() -> tuple[list[ScheduleRow], int]:
    """The declared schedules, and how many of them the database has."""
    from django_q.models import Schedule

    declared = schedules.declared()
    names = [each.name for each in declared]
    known = {one.name: one for one in Schedule.objects.filter(name__in=names)}
    return [_row(periodic, known.get(periodic.name)) for periodic in declared], len(known)


def _problem(rows: Sequence[ScheduleRow], now: datetime) -> tuple[str, str]:
    if _cluster_answers():
        return "", ""
    # A cluster reports itself through Django's cache, which by default is not shared by processes;
    # its deeds are: each due schedule moves on within a minute.
    due = [row.next_run for row in rows if row.next_run is not None and not row.switched_off]
    late = [moment for moment in due if now - moment > _LATE]
    if late:
        since = f"{min(late):%Y-%m-%d %H:%M:%S} UTC"
        return f"No cluster is running: what was due at {since} has not been started.", COMMAND
    if rows and all(row.last is None for row in rows):
        return "No cluster has run a task yet.", COMMAND
    return "", ""


def _cluster_answers() -> bool:
    from django_q.status import Stat

    return bool(Stat.get_all())


def _row(periodic: schedules.Periodic, found: Any) -> ScheduleRow:
    return ScheduleRow(
        name=periodic.name,
        task=periodic.task,
        minutes=periodic.minutes,
        next_run=found.next_run if found is not None else None,
        switched_off=found is not None and found.repeats == 0,
        last=_last_run(periodic),
    )


def _last_run(periodic: schedules.Periodic) -> Run | None:
    from django_q.models import Task

    # By function, not by the schedule's task id, which is that of a run which may not have ended.
    task = Task.objects.filter(func=periodic.task).order_by("-stopped").first()
    if task is None:
        return None
    text = "" if task.result is None else str(task.result).strip()
    # A failure's text is the message, a colon and the whole traceback.
    line = text if task.success else text.rpartition("\n")[2] or "failed"
    return Run(task.started, task.stopped, task.success, line[:_LONGEST_RESULT])
