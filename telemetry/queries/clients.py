"""What the clients of a load test measured: the JSON of a result, read with suspicion.

A file may come from anywhere. What is missing or of another type is left out, never an error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_MOST_POINTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Requests of one endpoint, or all of them (no name). Times in milliseconds.

    `unanswered` of them got no HTTP answer: a time-out, a refused or broken connection.
    """

    method: str
    name: str
    requests: int
    failures: int
    unanswered: int
    throughput: float
    times: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One kind of failure as the clients saw it."""

    method: str
    name: str
    error: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One step of the run's course; times in milliseconds, None where nothing ended."""

    at: datetime
    users: int
    requests: int
    failures: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSide:
    """A result. `unfinished` requests were cut off at the end and are not in `total`."""

    duration: float
    host: str
    gateway_profile: str
    ended_by: str
    total: Figures
    unfinished: int
    endpoints: Sequence[Figures]
    failures: Sequence[Failure]
    step: int
    points: Sequence[Point]
    options: Mapping[str, Any]
    machine: Mapping[str, Any]


def parse(result: Any) -> ClientSide | None:
    """The result as stored; None without one."""
    if not isinstance(result, dict):
        return None
    series = _dict(result.get("series"))
    return ClientSide(
        duration=_number(result.get("duration")) or 0.0,
        host=_text(result.get("host")),
        gateway_profile=_text(result.get("gateway_profile")),
        ended_by=_text(result.get("ended_by")),
        total=_figures(_dict(result.get("total"))),
        unfinished=_count(result.get("unfinished")),
        endpoints=[_figures(one) for one in _dicts(result.get("endpoints"))],
        failures=[_failure(one) for one in _dicts(result.get("errors"))],
        step=max(1, _count(series.get("step"))),
        points=_points(series.get("points")),
        options=_scalars(result.get("options")),
        machine=_scalars(result.get("client")),
    )


def _figures(found: dict[str, Any]) -> Figures:
    times = {key: _number(value) for key, value in _dict(found.get("response_ms")).items()}
    return Figures(
        method=_text(found.get("method")),
        name=_text(found.get("name")),
        requests=_count(found.get("requests")),
        failures=_count(found.get("failures")),
        unanswered=_count(found.get("unanswered")),
        throughput=_number(found.get("throughput")) or 0.0,
        times={key: value for key, value in times.items() if value is not None},
    )


def _failure(found: dict[str, Any]) -> Failure:
    return Failure(
        method=_text(found.get("method")),
        name=_text(found.get("name")),
        error=_text(found.get("error")),
        count=_count(found.get("count")),
    )


def _points(found: Any) -> list[Point]:
    points = [_point(one) for one in _dicts(found)[:_MOST_POINTS]]
    return sorted(points, key=lambda point: point.at)


def _point(found: dict[str, Any]) -> Point:
    at = min(_count(found.get("at")), 4_000_000_000)
    return Point(
        at=datetime.fromtimestamp(at, UTC),
        users=_count(found.get("users")),
        requests=_count(found.get("requests")),
        failures=_count(found.get("failures")),
        p50=_number(found.get("p50")),
        p95=_number(found.get("p95")),
    )


def _scalars(value: Any) -> dict[str, Any]:
    return {
        str(key): ", ".join(map(str, item)) if isinstance(item, list) else item
        for key, item in _dict(value).items()
        if item is not None and not isinstance(item, dict)
    }


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e15 else None


def _count(value: Any) -> int:
    return max(0, int(_number(value) or 0))


def _text(value: Any) -> str:
    return value[:500] if isinstance(value, str) else ""
