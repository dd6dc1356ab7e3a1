"""Management commands as units of work."""

import functools
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telemetry.capture import context, errors, sink, units
from telemetry.capture.context import Unit
from telemetry.conf import settings

# They serve, watch or prepare rather than work; some run for as long as the site does.
IGNORED = frozenset(
    """
    check collectstatic createcachetable dbshell diffsettings findstatic ingest makemessages
    makemigrations migrate optimizemigration prune qcluster qinfo qmonitor
    redaction_selftest render_dashboards runserver sendtestemail shell showmigrations spectacular
    sqlflush sqlmigrate squashmigrations start startapp startproject tail telemetry_status test
    testserver trace
    """.split()
)


def install() -> None:
    """Wrap `BaseCommand.execute`, once: Django has no signal for commands."""
    if hasattr(BaseCommand.execute, "__wrapped__"):
        return
    original = BaseCommand.execute

    @functools.wraps(original)
    def execute(self: BaseCommand, *args: Any, **options: Any) -> Any:
        name = type(self).__module__.rpartition(".")[2]
        # A command called inside a request or a task belongs to that.
        if name in IGNORED or name in settings.IGNORE_COMMANDS or context.current.get() is not None:
            return original(self, *args, **options)
        return _observed(original, name, self, *args, **options)

    BaseCommand.execute = execute  # type: ignore[method-assign]


def _observed(original: Any, name: str, command: BaseCommand, *args: Any, **options: Any) -> Any:
    unit = Unit(context.COMMAND)
    unit.route = name
    units.begin(unit)
    try:
        return original(command, *args, **options)
    except BaseException as error:
        _note(unit, error)
        raise
    finally:
        units.end(unit)
        context.current.set(None)


def _note(unit: Unit, error: BaseException) -> None:
    try:
        if not (isinstance(error, SystemExit) and error.code in (None, 0)):
            unit.error_type = errors.type_name(error)
        if isinstance(error, Exception) and not isinstance(error, CommandError):
            errors.record(unit, error, handled=False)
    except Exception:
        sink.lost("recording a command's exception")
