"""Tasks that run at once in several threads, as in a threaded web server, keep apart."""

import threading

from telemetry.capture import context
from telemetry.testing import Captured
from tests.telemetry.capture.work import Worker


def test_threads_do_not_mix_their_tasks(telemetry_capture: Captured) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        worker = Worker("slow").start()
        begun.set()
        go_on.wait(5)
        worker.end()

    first = Worker("first").start()
    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(5)
    first.end()
    go_on.set()
    thread.join()
    assert [unit.route for unit in telemetry_capture.requests] == ["first", "slow"]
    assert context.current.get() is None


def test_an_end_without_a_beginning_does_nothing(telemetry_capture: Captured) -> None:
    Worker("late").end()
    assert telemetry_capture.events == []


def test_a_failure_without_a_traceback_is_still_one(telemetry_capture: Captured) -> None:
    Worker("broken").start().end(success=False, result="")
    assert telemetry_capture.requests[0].error_type == "TaskFailed"
