"""Collects what the clients of one run see: per endpoint, per second, and each kind of error."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from loadtests.tally import Tally

Endpoint = tuple[str, str]
_LONGEST_ERROR = 200
_MOST_ERRORS = 100
OTHER_ERRORS = "(other errors)"


@dataclass
class Second:
    """What ended within one second, and how many users there were."""

    tally: Tally = field(default_factory=Tally)
    users: int = 0


@dataclass
class Collected:
    """Sums that can be added up over processes. Seconds are Unix time."""

    sent: int = 0
    endpoints: dict[Endpoint, Tally] = field(default_factory=dict)
    errors: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    seconds: dict[int, Second] = field(default_factory=dict)

    def merge(self, other: "Collected") -> None:
        """Add what another process collected."""
        self.sent += other.sent
        for endpoint, tally in other.endpoints.items():
            self.endpoints.setdefault(endpoint, Tally()).merge(tally)
        self.errors.update(other.errors)
        for at, second in other.seconds.items():
            mine = self.seconds.setdefault(at, Second())
            mine.tally.merge(second.tally)
            mine.users += second.users

    def dump(self) -> dict[str, Any]:
        """Plain values, to send to another process."""
        return {
            "sent": self.sent,
            "endpoints": [[*key, tally.dump()] for key, tally in self.endpoints.items()],
            "errors": [[*key, count] for key, count in self.errors.items()],
            "seconds": [[at, one.users, one.tally.dump()] for at, one in self.seconds.items()],
        }

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Collected":
        """The opposite of `dump`."""
        return cls(
            dumped["sent"],
            {(method, name): Tally.load(tally) for method, name, tally in dumped["endpoints"]},
            Counter({(m, name, error): count for m, name, error, count in dumped["errors"]}),
            {at: Second(Tally.load(tally), users) for at, users, tally in dumped["seconds"]},
        )


class Recorder:
    """One run's collection in one process; `id` is the run's, the same in all of them."""

    def __init__(self, run_id: str) -> None:
        self.id = run_id
        self.started = time.time()
        self.collected = Collected()
        # Greenlets do not preempt each other; locust's own threads (web UI's time-outs) may.
        self._lock = threading.Lock()

    def began(self) -> None:
        """A request is about to be sent."""
        self.collected.sent += 1

    def ended(
        self,
        endpoint: Endpoint,
        milliseconds: float,
        error: BaseException | None,
        *,
        answered: bool,
        users: int,
    ) -> None:
        """A request that locust counts, with the number of users at that moment."""
        with self._lock:
            found = self.collected
            second = found.seconds.setdefault(int(time.time()), Second())
            second.users = max(second.users, users)
            for tally in (found.endpoints.setdefault(endpoint, Tally()), second.tally):
                tally.add(milliseconds, failed=error is not None, answered=answered)
            if error is not None:
                self._count_error((*endpoint, describe(error)))

    def drain(self) -> Collected:
        """What was collected since the last call; for a worker that reports to its master."""
        with self._lock:
            found, self.collected = self.collected, Collected()
            return found

    def merge(self, other: Collected) -> None:
        """Add what another process collected."""
        with self._lock:
            self.collected.merge(other)

    def _count_error(self, key: tuple[str, str, str]) -> None:
        errors = self.collected.errors
        if key not in errors and len(errors) >= _MOST_ERRORS:
            key = (*key[:2], OTHER_ERRORS)
        errors[key] += 1


def describe(error: BaseException) -> str:
    """An error in one short line."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    # Locust's own type for what a user of ours called a failure says nothing.
    line = text if name == "CatchResponseError" else f"{name}: {text}" if text else name
    return line[:_LONGEST_ERROR]
