"""Counts and response times of one endpoint: small, mergeable, exact to three digits."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

PERCENTILES = (50, 90, 95, 99)


@dataclass
class Tally:
    """Requests that ended; times in milliseconds. `unanswered` of them had no HTTP answer."""

    requests: int = 0
    failures: int = 0
    unanswered: int = 0
    total: float = 0.0
    least: float = math.inf
    most: float = 0.0
    times: Counter[float] = field(default_factory=Counter)

    def add(self, milliseconds: float, *, failed: bool, answered: bool) -> None:
        """Count one request."""
        self.requests += 1
        self.failures += failed
        self.unanswered += not answered
        self.total += milliseconds
        self.least = min(self.least, milliseconds)
        self.most = max(self.most, milliseconds)
        self.times[three_digits(milliseconds)] += 1

    def merge(self, other: "Tally") -> None:
        """Add what another one counted."""
        self.requests += other.requests
        self.failures += other.failures
        self.unanswered += other.unanswered
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        self.times.update(other.times)

    def percentile(self, percent: float) -> float | None:
        """The nearest-rank percentile, to three digits; None without requests."""
        rank = max(1, math.ceil(percent / 100 * self.requests))
        seen = 0
        for value in sorted(self.times):
            seen += self.times[value]
            if seen >= rank:
                return round(min(max(value, self.least), self.most), 3)
        return None

    def summary(self, seconds: float) -> dict[str, Any]:
        """As it stands in a result; `seconds` is the run's duration."""
        return {
            "requests": self.requests,
            "failures": self.failures,
            "unanswered": self.unanswered,
            "error_rate": round(self.failures / self.requests, 6) if self.requests else 0.0,
            "throughput": round(self.requests / seconds, 3) if seconds > 0 else 0.0,
            "response_ms": self.response_times(),
        }

    def response_times(self) -> dict[str, float | None]:
        """min, avg, max and the percentiles; None without requests."""
        if not self.requests:
            return dict.fromkeys(("min", "avg", *(f"p{p}" for p in PERCENTILES), "max"))
        return {
            "min": round(self.least, 3),
            "avg": round(self.total / self.requests, 3),
            **{f"p{percent}": self.percentile(percent) for percent in PERCENTILES},
            "max": round(self.most, 3),
        }

    def dump(self) -> list[Any]:
        """Plain values, to send to another process."""
        numbers = (self.requests, self.failures, self.unanswered, self.total)
        return [*numbers, self.least, self.most, list(self.times.items())]

    @classmethod
    def load(cls, dumped: list[Any]) -> "Tally":
        """The opposite of `dump`."""
        requests, failures, unanswered, total, least, most, times = dumped
        return cls(requests, failures, unanswered, total, least, most, Counter(dict(times)))


def three_digits(value: float) -> float:
    """`value` rounded to three significant digits."""
    if value <= 0:
        return 0.0
    return round(value, 2 - math.floor(math.log10(value)))
