"""How fast and how reliable a route is meant to be: `APDEX_SECONDS` and `SLO`, by route."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from telemetry.conf import DEFAULTS, settings
from telemetry.rules import positive

_KEYS = ("availability", "latency")
_LATENCY_KEYS = ("seconds", "share")


@dataclass(frozen=True, slots=True)
class Target:
    """`availability` and `latency_share` are shares of requests that are wanted, None: no such
    objective."""

    apdex_seconds: float
    availability: float | None = None
    latency_seconds: float | None = None
    latency_share: float | None = None


def of(route: str) -> Target:
    """What is wanted of a route. A wrong setting, which the check names, counts as the default."""
    apdex: Any = settings.APDEX_SECONDS
    if list(_apdex_faults(apdex)):
        apdex = DEFAULTS["APDEX_SECONDS"]
    slo: Any = settings.SLO
    if list(_slo_faults(slo)):
        slo = DEFAULTS["SLO"]
    slo = slo or {}
    # What a route's own dictionary leaves out is as for all.
    wanted = {**slo, **(_matching(slo.get("routes", {}), route) or {})}
    latency = wanted.get("latency") or {}
    return Target(
        apdex_seconds=_apdex_of(apdex, route),
        availability=wanted.get("availability"),
        latency_seconds=latency.get("seconds"),
        latency_share=latency.get("share"),
    )


def faults() -> Iterator[str]:
    """What is wrong with the settings, one sentence each."""
    yield from _apdex_faults(settings.APDEX_SECONDS)
    yield from _slo_faults(settings.SLO)


def _apdex_of(given: Any, route: str) -> float:
    if not isinstance(given, Mapping):
        return float(given)
    found = _matching(given, route)
    return float(DEFAULTS["APDEX_SECONDS"] if found is None else found)


def _matching(by_pattern: Mapping[str, Any], route: str) -> Any:
    """The value of the first pattern that a route meets."""
    return next((value for key, value in by_pattern.items() if fnmatchcase(route, key)), None)


def _apdex_faults(given: Any) -> Iterator[str]:
    name = "TELEMETRY['APDEX_SECONDS']"
    if not isinstance(given, Mapping):
        if not positive(given):
            yield f"{name} is {given!r}: it is seconds above 0, or seconds by pattern of routes."
        return
    for pattern, seconds in given.items():
        if not isinstance(pattern, str):
            yield f"{name} has the key {pattern!r}: it is a pattern of routes, such as 'api/*'."
        if not positive(seconds):
            yield f"{name}[{pattern!r}] is {seconds!r}: it is seconds above 0."


def _slo_faults(given: Any) -> Iterator[str]:
    name = "TELEMETRY['SLO']"
    if given is None:
        return
    if not isinstance(given, Mapping):
        yield f"{name} is {given!r}: it is a dictionary, or None."
        return
    yield from _objective_faults(name, {key: given[key] for key in given if key != "routes"})
    routes = given.get("routes", {})
    if not isinstance(routes, Mapping):
        yield f"{name}['routes'] is {routes!r}: it is a dictionary by pattern of routes."
        return
    for pattern, own in routes.items():
        place = f"{name}['routes'][{pattern!r}]"
        if not isinstance(pattern, str):
            yield f"{name}['routes'] has the key {pattern!r}: it is a pattern, such as 'api/*'."
        if isinstance(own, Mapping):
            yield from _objective_faults(place, own)
        else:
            yield f"{place} is {own!r}: it is a dictionary."


def _objective_faults(name: str, given: Mapping[Any, Any]) -> Iterator[str]:
    yield from _unknown(name, given, _KEYS)
    availability, latency = given.get("availability"), given.get("latency")
    if availability is not None and not _is_share(availability):
        yield f"{name}['availability'] is {availability!r}: it lies between 0 and 1, such as 0.999."
    if latency is None:
        return
    if not isinstance(latency, Mapping):
        yield f"{name}['latency'] is {latency!r}: write {{'seconds': 0.5, 'share': 0.99}}."
        return
    yield from _unknown(f"{name}['latency']", latency, _LATENCY_KEYS)
    if not positive(latency.get("seconds")):
        yield f"{name}['latency']['seconds'] is {latency.get('seconds')!r}: it is above 0."
    if not _is_share(latency.get("share")):
        yield f"{name}['latency']['share'] is {latency.get('share')!r}: it lies between 0 and 1."


def _unknown(name: str, given: Mapping[Any, Any], known: tuple[str, ...]) -> Iterator[str]:
    for key in given:
        if key not in known:
            yield f"{name} has no key {key!r}; it has {', '.join(known)}."


def _is_share(value: Any) -> bool:
    # Of 1 nothing may fail, and no budget can be left or spent.
    return positive(value) and value < 1
