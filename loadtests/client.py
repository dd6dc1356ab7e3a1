"""What all users share: a token, ids in each request, retries, and what counts as a failure."""

import itertools
import json
import secrets
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from locust import FastHttpUser, task
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_STOPPING

from loadtests import lifecycle, options, orders

_ATTEMPTS = 4
_FIRST_DELAY = 0.2
_LONGEST_DELAY = 5.0
# How soon a pausing user notices that the run ends.
_SLICE_SECONDS = 0.1
# Another request with the key still runs, too many requests: right answers, to be asked again.
_LATER = frozenset({409, 429})


@dataclass(frozen=True)
class Answer:
    """The last answer to a request; status 0: there was none."""

    status: int
    body: Any = None
    attempts: int = 1

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class ApiUser(FastHttpUser):
    """One person with a token, a seeded source of chance and accounts."""

    abstract = True
    host = options.default_host()
    # One request of ours must be one request of the server's.
    max_redirects = 0
    max_retries = 0
    connection_timeout = 5.0
    # Seconds that such a person typically waits between two steps.
    typical_pause = 1.0
    # Names of methods, each with how often it comes among the others.
    habits: Mapping[str, int]

    def __init__(self, environment: Any) -> None:
        parsed = environment.parsed_options
        self.network_timeout = parsed.request_timeout
        super().__init__(environment)
        self.load_run = lifecycle.current()
        number = self.load_run.next_user()
        self.person = self.load_run.people[number % len(self.load_run.people)]
        self.accounts = self.person.accounts
        self.rng = Random(f"{self.load_run.seed}/{type(self).__name__}/{number}")  # noqa: S311
        # Retries depend on the server's timing and must not shift what the seed decides.
        self._jitter = Random(number)  # noqa: S311
        self._think_factor = parsed.think_time
        self._key_prefix = f"{self.load_run.recorder.id}-{number}"
        self._orders = itertools.count(1)

    @task
    def live(self) -> None:
        """One habit after another, as the seed has it, with pauses between.

        Never returns, so that locust's own wait is not used: a user who is stopped in there may
        just have woken up, and the request that it then begins is cut off.
        """
        names, weights = list(self.habits), list(self.habits.values())
        while True:
            (name,) = self.rng.choices(names, weights)
            getattr(self, name)()
            self.think()

    def think(self, share: float = 1.0) -> None:
        """A pause as people make it; `share` of one within a habit."""
        self._pause(orders.pause(self.rng, self.typical_pause, self._think_factor) * share)

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            if self._state == LOCUST_STATE_STOPPING:
                raise StopUser
            # Locust has made `sleep` give way to other users.
            time.sleep(min(max(end - time.monotonic(), 0.0), _SLICE_SECONDS))
            if time.monotonic() >= end:
                return

    def new_key(self) -> str:
        """An Idempotency-Key that no other order of any run has."""
        return f"{self._key_prefix}-{next(self._orders)}"

    def place(
        self, order: orders.Order, expected: Collection[int] = (201,), key: str | None = None
    ) -> Answer:
        """Send an order until it is answered for good; each retry carries the same key."""
        headers = {"Idempotency-Key": key or self.new_key()}
        return self.ask("POST", "/api/transactions/", body=order, headers=headers, expect=expected)

    def get(self, path: str, name: str = "", expect: Collection[int] = (200,)) -> Answer:
        """Read something; `name` is the route where the path has ids in it."""
        return self.ask("GET", path, name=name, expect=expect)

    def ask(
        self,
        method: str,
        path: str,
        *,
        name: str = "",
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = (200,),
    ) -> Answer:
        """One request, and again after time-outs, 5xx, 409 and 429; each try counts by itself."""
        answer = Answer(0)
        for attempt in range(1, _ATTEMPTS + 1):
            status, answered, wait = self._send(method, path, name, body, headers or {}, expect)
            answer = Answer(status, answered, attempt)
            if 0 < status < 500 and status not in _LATER:
                break
            if attempt < _ATTEMPTS:
                self._pause(self._delay(attempt, wait))
        return answer

    def _send(
        self,
        method: str,
        path: str,
        name: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        expect: Collection[int],
    ) -> tuple[int, Any, float]:
        self.load_run.recorder.began()
        sent = {**headers, **self._identity()}
        with self.client.request(
            method,
            path,
            name=name or path.partition("?")[0],
            json=body,
            headers=sent,
            catch_response=True,
        ) as response:
            status = int(response.status_code or 0)
            answered = _decoded(response.content)
            if status in expect or status in _LATER:
                response.success()
            elif status:
                response.failure(_problem(status, answered))
            return status, answered, _retry_after(response.headers)

    def _identity(self) -> dict[str, str]:
        # The server keeps a foreign trace id in an index: one that begins with the time is cheap.
        trace = f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"
        return {
            "Authorization": f"Token {self.person.token}",
            "traceparent": f"00-{trace}-{secrets.token_hex(8)}-01",
            "baggage": f"load.run_id={self.load_run.recorder.id},load.level={self.load_run.level}",
        }

    def _delay(self, attempt: int, wait: float) -> float:
        backoff: float = _FIRST_DELAY * 2 ** (attempt - 1)
        return min(max(wait, backoff), _LONGEST_DELAY) * self._jitter.uniform(0.8, 1.2)


def _decoded(content: bytes | None) -> Any:
    try:
        return json.loads(content or b"null")
    except ValueError:
        return None


def _problem(status: int, body: Any) -> str:
    # The problem's type, not its detail: few different texts, so that they can be counted.
    kind = body.get("type") if isinstance(body, dict) else None
    return f"HTTP {status} {kind}" if isinstance(kind, str) else f"HTTP {status}"


def _retry_after(headers: Any) -> float:
    value = headers.get("retry-after") if headers else None
    return float(value) if isinstance(value, str) and value.isdecimal() else 0.0
