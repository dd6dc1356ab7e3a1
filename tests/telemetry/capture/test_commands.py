"""Management commands are units of work; those that serve or watch are not."""

import logging
from typing import Any

import pytest
from django.core.management import BaseCommand, CommandError, call_command
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

import telemetry
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured

log = logging.getLogger("tests.command")


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--raise", dest="fault", default=None)

    def handle(self, *args: Any, fault: Any = None, **options: Any) -> None:
        telemetry.bind(rows=3)
        log.warning("working")
        if fault is not None:
            raise fault


def run(fault: BaseException | None = None) -> None:
    call_command(Command(), fault=fault)


NAME = __name__.rpartition(".")[2]


def test_a_command_has_a_record_with_its_logs_and_fields(telemetry_capture: Captured) -> None:
    run()
    (found,) = telemetry_capture.requests
    assert (found.kind, found.route, found.method, found.status) == (3, NAME, None, None)
    assert (found.error_type, found.attributes["rows"], found.log_count) == (None, 3, 1)
    assert [entry.uid for entry in telemetry_capture.logs] == [found.uid]
    assert telemetry.current_trace_id() is None


def test_a_failure_is_recorded_with_its_stack_and_raised(telemetry_capture: Captured) -> None:
    fault = LookupError("no such account")
    with pytest.raises(LookupError) as raised:
        run(fault)
    assert raised.value is fault
    (found,) = telemetry_capture.requests
    (error,) = telemetry_capture.errors
    assert (found.error_type, error.uid, error.handled) == ("LookupError", found.uid, False)
    assert "raise fault" in error.stack
    assert error.culprit.endswith(" handle")


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        (CommandError("no such file"), "django.core.management.base.CommandError"),
        (SystemExit(2), "SystemExit"),
        (SystemExit(0), None),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_what_only_ends_a_command_is_no_exception_of_it(
    fault: BaseException, error_type: str | None, telemetry_capture: Captured
) -> None:
    with pytest.raises(type(fault)):
        run(fault)
    assert telemetry_capture.requests[0].error_type == error_type
    assert telemetry_capture.errors == []


# From Django 6.1 on checks of models look into the databases.
@pytest.mark.django_db(databases=["default", "telemetry"])
def test_commands_that_are_ignored_leave_nothing(telemetry_capture: Captured) -> None:
    call_command("check", "--tag", "models")
    with override_settings(TELEMETRY={"IGNORE_COMMANDS": [NAME]}):
        run()
    assert telemetry_capture.requests == []


def test_a_command_inside_a_request_belongs_to_it(telemetry_capture: Captured) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        run()
        return HttpResponse()

    TelemetryMiddleware(view)(RequestFactory().get("/x/"))
    (found,) = telemetry_capture.requests
    assert found.kind == 1
    assert [entry.uid for entry in telemetry_capture.logs] == [found.uid]


def test_a_command_that_makes_requests_goes_on_as_itself(telemetry_capture: Captured) -> None:
    class Asking(Command):
        def handle(self, *args: Any, **options: Any) -> None:
            TelemetryMiddleware(lambda request: HttpResponse())(RequestFactory().get("/x/"))
            log.warning("after the request")

    call_command(Asking())
    request, command = telemetry_capture.requests
    assert (request.kind, command.kind) == (1, 3)
    assert [entry.uid for entry in telemetry_capture.logs] == [command.uid]
