"""django-q2 tasks are units of work, in the trace of the request that enqueued them."""

import logging

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django_q.tasks import async_task

from telemetry.capture import context, tasks
from telemetry.middleware import TelemetryMiddleware
from telemetry.testing import Captured

pytestmark = pytest.mark.django_db
log = logging.getLogger("tests.task")


def settle(amount: int) -> int:
    log.warning("settling %s", amount)
    return amount


def fail(amount: int) -> int:
    raise LookupError("no account\nsecond line: of the message")


SETTLE, FAIL = f"{__name__}.settle", f"{__name__}.fail"


def test_a_task_has_a_record_with_its_logs(telemetry_capture: Captured) -> None:
    task_id = async_task(SETTLE, 5, sync=True, task_name="nightly")
    (found,) = telemetry_capture.requests
    assert (found.kind, found.route, found.error_type) == (2, SETTLE, None)
    assert (found.attributes["task.id"], found.attributes["task.name"]) == (task_id, "nightly")
    own = [entry for entry in telemetry_capture.logs if entry.logger == "tests.task"]
    assert [(entry.message, entry.uid) for entry in own] == [("settling 5", found.uid)]
    assert context.current.get() is None


def test_a_failure_has_its_type_stack_and_culprit(telemetry_capture: Captured) -> None:
    with pytest.raises(LookupError):
        async_task(FAIL, 5, sync=True)
    (found,) = telemetry_capture.requests
    (error,) = telemetry_capture.errors
    assert (found.error_type, error.type, error.uid) == ("LookupError", "LookupError", found.uid)
    assert error.message.startswith("no account")
    assert "in fail" in error.stack
    assert error.culprit.endswith(" fail")
    assert error.handled is False


def test_a_failure_in_a_worker_is_read_from_its_text(telemetry_capture: Captured) -> None:
    import traceback

    task = {"func": FAIL, "id": "1", "name": "n"}
    tasks.on_execute("django_q", None, task)
    try:
        fail(1)
    except LookupError as error:
        text = f"{error} : {traceback.format_exc()}"
    tasks.on_executed("django_q", None, {**task, "success": False, "result": text})
    (found,) = telemetry_capture.requests
    (error_event,) = telemetry_capture.errors
    assert (found.error_type, error_event.type) == ("LookupError", "LookupError")
    assert error_event.message == "no account\nsecond line: of the message"
    assert "in fail" in error_event.stack
    assert error_event.culprit.endswith(" fail")


def test_a_task_is_in_the_trace_of_its_request(telemetry_capture: Captured) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        async_task(SETTLE, 5, sync=True)
        log.warning("after the task")
        return HttpResponse()

    TelemetryMiddleware(view)(RequestFactory().get("/x/"))
    task, request = telemetry_capture.requests
    assert (task.kind, request.kind) == (2, 1)
    assert task.caller_trace_id == request.uid
    assert task.caller_span_id == request.uid[16:]
    (after,) = [entry for entry in telemetry_capture.logs if entry.message == "after the task"]
    assert after.uid == request.uid
