"""A gateway for development and load tests: no network, but latency, declines and failures.

Its memory is a function: what becomes of an order follows from the seed and the reference alone.
So it answers the same for a reference after any crash or restart, without a table of its own.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from transactions.gateway.base import Answer, GatewayError, GatewayTimeoutError, Order
from transactions.gateway.profiles import Profile, read

DECLINE_CODES = ("do_not_honor", "expired_card", "limit_exceeded", "suspected_fraud")


def profile_named(name: str) -> Profile:
    """The profile of that name in settings; raises ImproperlyConfigured."""
    profiles = settings.GATEWAY_PROFILES
    if name not in profiles:
        raise ImproperlyConfigured(
            f"GATEWAY_PROFILE={name!r} is not one of: {', '.join(profiles)}."
        )
    return read(name, profiles[name])


@dataclass(frozen=True)
class _Draws:
    """Independent uniform numbers in (0, 1) that belong to one reference."""

    fate: float
    reason: float
    latency: float
    silence: float


class SandboxGateway:
    """Decides by the shares of its profile; `sleep` is replaceable for tests."""

    def __init__(
        self, profile: Profile, *, seed: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._profile = profile
        self._seed = hashlib.sha256(seed.encode()).digest()
        self._sleep = sleep

    def submit(self, order: Order) -> Answer:
        """Waits as long as the profile says, then decides. A time-out hides the decision."""
        draws = self._draws(order.reference)
        seconds = self._profile.latency.at(draws.latency)
        if seconds > 0:
            self._sleep(seconds)
        if self._is_silent(draws):
            raise GatewayTimeoutError(f"The gateway gave no answer for {order.reference}.")
        return self._decide(draws)

    def status(self, reference: str) -> Answer:
        """The decision for the reference, at once; also where `submit` timed out."""
        return self._decide(self._draws(reference))

    def _is_silent(self, draws: _Draws) -> bool:
        return draws.silence < self._profile.timeout_rate

    def _decide(self, draws: _Draws) -> Answer:
        if draws.fate < self._profile.error_rate:
            raise GatewayError("gateway_unavailable", "The gateway could not take the order.")
        if draws.fate < self._profile.error_rate + self._profile.decline_rate:
            return Answer(False, DECLINE_CODES[int(draws.reason * len(DECLINE_CODES))])
        return Answer(True)

    def _draws(self, reference: str) -> _Draws:
        digest = hashlib.blake2b(reference.encode(), key=self._seed, digest_size=32).digest()
        words = (digest[start : start + 8] for start in range(0, 32, 8))
        # 52 bits and a half step: never 0 or 1, where quantiles are infinite.
        return _Draws(*(((int.from_bytes(word) >> 12) + 0.5) / 2**52 for word in words))
