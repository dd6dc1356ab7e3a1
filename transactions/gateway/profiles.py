"""How a sandbox gateway behaves: latency distribution, decline, error and time-out rates."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from django.core.exceptions import ImproperlyConfigured

_KEYS = {"latency", "decline_rate", "error_rate", "timeout_rate"}
_PARAMETERS = {
    "constant": ("seconds",),
    "uniform": ("low", "high"),
    "lognormal": ("median", "sigma"),
}
_MAX_LATENCY_SECONDS = 30.0


@dataclass(frozen=True)
class Latency:
    """A distribution of seconds: constant, uniform (low, high) or lognormal (median, sigma)."""

    distribution: str
    parameters: tuple[float, ...]

    def at(self, quantile: float) -> float:
        """The latency in seconds at a quantile in (0, 1), at most 30 s."""
        first, *rest = self.parameters
        if self.distribution == "constant":
            seconds = first
        elif self.distribution == "uniform":
            seconds = first + quantile * (rest[0] - first)
        else:
            seconds = first * math.exp(rest[0] * NormalDist().inv_cdf(quantile))
        return min(seconds, _MAX_LATENCY_SECONDS)


@dataclass(frozen=True)
class Profile:
    """A sandbox's behaviour; rates are shares of all orders, from 0 to 1."""

    latency: Latency
    decline_rate: float
    error_rate: float
    timeout_rate: float


def read(name: str, raw: Mapping[str, object]) -> Profile:
    """A profile out of GATEWAY_PROFILES; raises ImproperlyConfigured naming what is wrong."""
    place = f"GATEWAY_PROFILES[{name!r}]"
    if unknown := set(raw) - _KEYS:
        raise ImproperlyConfigured(
            f"{place} has unknown keys: {', '.join(sorted(unknown))}. "
            f"Use: {', '.join(sorted(_KEYS))}."
        )
    rates = [_number(f"{place}[{key!r}]", raw.get(key, 0)) for key in sorted(_KEYS - {"latency"})]
    if any(rate > 1 for rate in rates) or sum(rates) > 1:
        raise ImproperlyConfigured(f"{place}: the rates must be from 0 to 1, and sum to at most 1.")
    decline, error, timeout = rates
    return Profile(_latency(f"{place}['latency']", raw.get("latency")), decline, error, timeout)


def _latency(place: str, raw: object) -> Latency:
    if not isinstance(raw, Mapping) or raw.get("distribution") not in _PARAMETERS:
        raise ImproperlyConfigured(
            f"{place} needs a 'distribution', one of: {', '.join(_PARAMETERS)}."
        )
    distribution = str(raw["distribution"])
    names = _PARAMETERS[distribution]
    if set(raw) != {"distribution", *names}:
        raise ImproperlyConfigured(f"{place} needs exactly: distribution, {', '.join(names)}.")
    return Latency(distribution, tuple(_number(f"{place}[{key!r}]", raw[key]) for key in names))


def _number(place: str, raw: object) -> float:
    number = isinstance(raw, int | float) and not isinstance(raw, bool)
    if not number or not math.isfinite(raw) or raw < 0:  # type: ignore[arg-type,operator]
        raise ImproperlyConfigured(f"{place}={raw!r} is not a number of zero or more.")
    return float(raw)  # type: ignore[arg-type]
