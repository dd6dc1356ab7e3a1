"""Ties a run to locust's events: one `Run` from its start to the file with its result."""

import logging
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from loadtests import demo_users, report
from loadtests.demo_users import Account, DemoUser, DemoUsersError
from loadtests.recorder import Recorder

logger = logging.getLogger("loadtests")
# Seconds that requests in flight may take when a run ends: a request that is cut off is counted by
# the server alone.
_STOP_TIMEOUT = 30
_SYSTEM = random.SystemRandom()


@dataclass
class Run:
    """What users need to know of the run that they are part of."""

    environment: Environment
    recorder: Recorder
    people: Sequence[DemoUser]
    accounts: Sequence[Account]
    seed: int
    _users: int = 0

    @property
    def level(self) -> int:
        """How many users the run is to have at the moment."""
        runner = self.environment.runner
        return 0 if runner is None else runner.target_user_count or runner.user_count

    def next_user(self) -> int:
        """A number that no other user of the run has; the same for the same order of starts."""
        runner = self.environment.runner
        index = runner.worker_index if isinstance(runner, WorkerRunner) else 0
        self._users += 1
        return self._users - 1 + 100_000 * max(index, 0)


_people: list[DemoUser] = []
_current: Run | None = None
_names_used: set[str] = set()


def install() -> None:
    """Listens to locust."""
    events.init.add_listener(on_init)
    events.test_start.add_listener(on_start)
    events.request.add_listener(on_request)
    events.test_stop.add_listener(on_stop)


def running() -> Run | None:
    """The run that goes on, or None between runs."""
    return _current


def current() -> Run:
    """The run that goes on, for its users."""
    assert _current is not None, "users start after their run"
    return _current


def on_init(environment: Environment, **kwargs: Any) -> None:
    """Load the demo users; exits with one line when they or the results folder cannot be used."""
    options = environment.parsed_options
    assert options is not None
    try:
        _people[:] = demo_users.load(Path(options.demo_users).expanduser())
        Path(options.results).mkdir(parents=True, exist_ok=True)
    except DemoUsersError as error:
        raise SystemExit(str(error)) from None
    except OSError as error:
        raise SystemExit(
            f"--results {options.results} cannot be made: {error.strerror}. Name another folder."
        ) from None
    if not os.access(options.results, os.W_OK):
        raise SystemExit(f"--results {options.results} is not writable. Name another folder.")
    environment.stop_timeout = environment.stop_timeout or _STOP_TIMEOUT
    if not isinstance(environment.runner, WorkerRunner):
        _end_at_ctrl_c()


def _end_at_ctrl_c() -> None:
    """Have Ctrl-C end the run whatever is running at that moment.

    Python raises KeyboardInterrupt where it happens to be: in a user's greenlet locust takes it for
    that user's error, and the run goes on.
    """
    main, hub = gevent.getcurrent(), gevent.get_hub()
    gevent.signal_handler(
        signal.SIGINT, lambda: hub.loop.run_callback(main.throw, KeyboardInterrupt)
    )


def on_start(environment: Environment, **kwargs: Any) -> None:
    """Begin a run. Workers take their master's id and seed, which come with its options."""
    global _current
    options = environment.parsed_options
    assert options is not None
    if not isinstance(environment.runner, WorkerRunner):
        options.started_run = _fresh(options.run_id)
        options.started_seed = _SYSTEM.randrange(2**31) if options.seed is None else options.seed
    _names_used.add(options.started_run)
    recorder = Recorder(options.started_run)
    accounts = [account for person in _people for account in person.accounts]
    _current = Run(environment, recorder, _people, accounts, options.started_seed)
    logger.info("Load run %s begins (--seed %s repeats it)", recorder.id, _current.seed)


def _fresh(wanted: str) -> str:
    """`wanted` for the process's first run; the web UI may start several in one."""
    return wanted if wanted and wanted not in _names_used else report.new_id()


def on_request(
    request_type: str,
    name: str,
    response_time: float,
    response: Any,
    exception: BaseException | None,
    **kwargs: Any,
) -> None:
    """Count what locust counts."""
    if _current is None:
        return
    runner = _current.environment.runner
    _current.recorder.ended(
        (request_type, name),
        response_time or 0.0,
        exception,
        answered=bool(getattr(response, "status_code", 0)),
        users=runner.user_count if runner is not None else 0,
    )


def on_stop(environment: Environment, **kwargs: Any) -> None:
    """End a run and write its result; a worker leaves that to its master."""
    global _current
    if isinstance(environment.runner, WorkerRunner):
        # Its last report goes out after this.
        return
    run, _current = _current, None
    options = environment.parsed_options
    if run is None or options is None:
        return
    ended = time.time()
    result = report.build(run.recorder, ended, _about(environment, run, ended))
    try:
        path = report.write(Path(options.results), result)
    except OSError as error:
        environment.process_exit_code = 1
        logger.error(
            "The result of load run %s cannot be written to %s: %s",
            run.recorder.id, options.results, error.strerror,
        )  # fmt: skip
        return
    total = result["total"]
    logger.info(
        "Load run %s: %s requests, %s failed, p95 %s ms; result in %s",
        run.recorder.id, total["requests"], total["failures"], total["response_ms"]["p95"], path,
    )  # fmt: skip


def _about(environment: Environment, run: Run, ended: float) -> dict[str, Any]:
    options: Any = environment.parsed_options
    runner = environment.runner
    run_time: float | None = getattr(options, "run_time", None)
    complete = bool(run_time and ended - run.recorder.started >= run_time - 0.5)
    return {
        "ended_by": "run_time" if complete else "stop",
        "host": environment.host or _host(environment),
        "gateway_profile": options.gateway_profile or None,
        "options": {
            "users": runner.target_user_count if runner else None,
            "spawn_rate": options.spawn_rate,
            "run_time": run_time,
            "seed": run.seed,
            "think_time": options.think_time,
            "request_timeout": options.request_timeout,
            "user_classes": [kind.__name__ for kind in environment.user_classes],
            "workers": runner.worker_count if isinstance(runner, MasterRunner) else 0,
        },
    }


def _host(environment: Environment) -> str | None:
    return next((kind.host for kind in environment.user_classes if kind.host), None)
