"""Connects capture to Django: signals and wrappers only; no database, no thread."""

from django.core.signals import got_request_exception
from django.db import connections, router
from django.db.backends.signals import connection_created

from telemetry import schedules, sqlite
from telemetry.capture import commands, errors, logs, sql, tasks
from telemetry.conf import settings
from telemetry.router import TelemetryRouter


def install() -> None:
    """Called by `AppConfig.ready()`; safe to call again."""
    connection_created.connect(sqlite.on_connection_created, dispatch_uid="telemetry.sqlite")
    _add_router()
    schedules.install()
    if settings.INGEST == "off":
        return
    connection_created.connect(sql.on_connection_created, dispatch_uid="telemetry.sql")
    got_request_exception.connect(errors.on_request_exception, dispatch_uid="telemetry.errors")
    for connection in connections.all(initialized_only=True):
        sql.on_connection_created(None, connection)
    logs.install()
    commands.install()
    tasks.install()


def _add_router() -> None:
    # One line less to write in a host project: without it telemetry's tables would be migrated
    # into the application's own database.
    if not any(isinstance(known, TelemetryRouter) for known in router.routers):
        router.routers.append(TelemetryRouter())
