"""Several locust processes as one run: workers hand what they collect to their master.

A master that quits does not wait for its workers. Here it asks them to finish what is in flight
and to report, before the run's result is written: a request cut off is counted by nobody.
"""

import time
from typing import Any

from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from loadtests import lifecycle
from loadtests.recorder import Collected

_REPORT_KEY = "loadtests"
_FINISH = "loadtests_finish"
_FINISHED = "loadtests_finished"
# Beyond locust's stop timeout, for the answer's way back.
_GRACE_SECONDS = 5.0
_finished: set[str] = set()


def install() -> None:
    """Listens to locust."""
    events.init.add_listener(on_init)
    events.test_stopping.add_listener(on_stopping)
    events.report_to_master.add_listener(on_report_to_master)
    events.worker_report.add_listener(on_worker_report)


def on_init(environment: Environment, runner: Any, **kwargs: Any) -> None:
    """Name the messages of our own."""
    if isinstance(runner, MasterRunner):
        runner.register_message(_FINISHED, on_finished)
    elif isinstance(runner, WorkerRunner):
        # Not in the greenlet that reads the master's messages: it ends what may take a while.
        runner.register_message(_FINISH, on_finish, concurrent=True)


def on_stopping(environment: Environment, **kwargs: Any) -> None:
    """The master waits until each worker has finished, or its time is up."""
    runner = environment.runner
    if not isinstance(runner, MasterRunner):
        return
    _finished.clear()
    runner.send_message(_FINISH)
    deadline = time.monotonic() + (environment.stop_timeout or 0) + _GRACE_SECONDS
    while time.monotonic() < deadline and set(runner.clients) - _finished:
        time.sleep(0.05)


def on_finish(environment: Environment, msg: Any, **kwargs: Any) -> None:
    """A worker lets its users end their requests, and reports."""
    runner = environment.runner
    assert isinstance(runner, WorkerRunner)
    runner.stop()
    run = lifecycle.running()
    runner.send_message(_FINISHED, run.recorder.drain().dump() if run else None)


def on_finished(environment: Environment, msg: Any, **kwargs: Any) -> None:
    """The master takes a worker's last report."""
    _merge(msg.data)
    _finished.add(msg.node_id)


def on_report_to_master(client_id: str, data: dict[str, Any], **kwargs: Any) -> None:
    """A worker hands over what it has collected since it last did."""
    if (run := lifecycle.running()) is not None:
        data[_REPORT_KEY] = run.recorder.drain().dump()


def on_worker_report(client_id: str, data: dict[str, Any], **kwargs: Any) -> None:
    """The master adds what a worker collected."""
    _merge(data.get(_REPORT_KEY))


def _merge(dumped: dict[str, Any] | None) -> None:
    if dumped and (run := lifecycle.running()) is not None:
        run.recorder.merge(Collected.load(dumped))
