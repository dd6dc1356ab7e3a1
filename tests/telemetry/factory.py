"""Rows of the store as ingest would have written them, for tests of what reads it."""

import itertools
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connections

from telemetry.conf import settings
from telemetry.ingest import histogram, packed, slices
from telemetry.ingest.names import OVERFLOW
from telemetry.ingest.resolutions import RESOLUTIONS, WHOLE
from telemetry.models import (
    Bucket,
    Error,
    HistogramTotal,
    Log,
    Metric,
    Name,
    Occurrence,
    Process,
    Request,
    Series,
    SeriesTotal,
    SliceMember,
)
from telemetry.models.base import KEY_SPACE, first_key

_numbers = itertools.count(1)
_MICROSECOND = timedelta(microseconds=1)
_OVERFLOW = json.dumps(OVERFLOW, separators=(",", ":"))


def uid(at: datetime | None = None) -> str:
    """A fresh id of 32 digits; a unit's begins with its start."""
    milliseconds = 0 if at is None else first_key(at) // KEY_SPACE // 1_000
    return f"{milliseconds:012x}{next(_numbers):020x}"


def name(text: str) -> Name:
    """The interned text."""
    return Name.objects.using(settings.DATABASE).get_or_create(value=text)[0]


def key(at: datetime) -> int:
    """A key of this moment that no other row has."""
    return first_key(at) + next(_numbers) % 4096


def process(**fields: Any) -> Process:
    """A web process."""
    values = {"pid": 4242, "host": "web-1", "role": "web", "app_version": "1.2.3", **fields}
    return Process.objects.using(settings.DATABASE).create(writer=uid(), **values)


def request(
    at: datetime | None = None,
    route: str = "api/payments/",
    error: str | None = None,
    **fields: Any,
) -> Request:
    """A successful POST of 12.345 ms, now; `error` is the text of its error type."""
    at = at or datetime.now(UTC)
    values: dict[str, Any] = {
        "id": key(at),
        "uid": uid(at),
        "kind": Request.Kind.HTTP,
        "is_self": False,
        "method": "POST",
        "route": name(route),
        "path": "/" + route,
        "status": 201,
        "duration": 12_345,
        "level": 0,
        "error_type": name(error) if error else None,
    }
    return Request.objects.using(settings.DATABASE).create(**{**values, **fields})


def repeated(statement: str, count: int = 12, code: str = "shop/views.py:12 pay") -> list[int]:
    """The value of a request's `repeated`: a statement that ran `count` times in 3.4 ms."""
    return [name(statement).pk, count, 3_400, name(code).pk]


def log(
    unit: Request | None = None,
    message: str = "payment accepted",
    at: datetime | None = None,
    logger: str = "payments",
    **fields: Any,
) -> Log:
    """An INFO record 1 ms after its unit began."""
    at = at or (unit.timestamp + 1_000 * _MICROSECOND if unit else datetime.now(UTC))
    values: dict[str, Any] = {
        "id": key(at),
        "uid": unit.uid if unit else None,
        "level": 20,
        "logger": name(logger),
        "route": unit.route if unit else None,
        "message": message,
    }
    return Log.objects.using(settings.DATABASE).create(**{**values, **fields})


def error(
    unit: Request | None = None,
    type: str = "ValueError",  # noqa: A002
    message: str = "no such currency",
    at: datetime | None = None,
    **fields: Any,
) -> Occurrence:
    """An occurrence of the group of this type, 2 ms after its unit began."""
    at = at or (unit.timestamp + 2_000 * _MICROSECOND if unit else datetime.now(UTC))
    group, _ = Error.objects.using(settings.DATABASE).get_or_create(
        type=type,
        defaults={
            "fingerprint": uid(),
            "message": message,
            "culprit": "payments/views.py:42 pay",
            "route": unit.route if unit else None,
            "first_seen": at,
            "last_seen": at,
        },
    )
    Error.objects.using(settings.DATABASE).filter(pk=group.pk).update(
        last_seen=max(at, group.last_seen), count=group.count + 1
    )
    stack = f"Traceback (most recent call last):\n  payments/views.py:42 pay\n{type}: {message}"
    values: dict[str, Any] = {
        "id": key(at),
        "error": group,
        "uid": unit.uid if unit else None,
        "handled": False,
        "message": message,
        "stack": stack,
    }
    return Occurrence.objects.using(settings.DATABASE).create(**{**values, **fields})


def series(metric: str, type: str, **labels: str) -> Series:  # noqa: A002
    """The series of a metric with these labels."""
    declared, _ = Metric.objects.using(settings.DATABASE).get_or_create(
        name=metric, defaults={"type": type}
    )
    text = json.dumps(labels, sort_keys=True, separators=(",", ":"))
    found = Series.objects.using(settings.DATABASE).get_or_create(metric=declared, labels=text)
    if found[1] and labels != OVERFLOW:
        db = connections[settings.DATABASE].connection
        slices.join(db, declared.pk, found[0].pk, labels, _OVERFLOW)
    return found[0]


def observe(one: Series, value: float, at: datetime) -> None:
    """One increment, observation or setting, in the buckets of all resolutions."""
    for resolution in RESOLUTIONS:
        start = int(at.timestamp()) // resolution * resolution
        _put(one, one.pk, value, resolution, start)
        if resolution >= WHOLE and one.metric.type != "g":
            _put(one, -one.metric.pk, value, resolution, start)
            for member in SliceMember.objects.using(settings.DATABASE).filter(series=one):
                _put(one, slices.key(member.slice_id), value, resolution, start)


def _put(one: Series, key: int, value: float, resolution: int, start: int) -> None:
    bucket = Bucket.objects.using(settings.DATABASE).filter(
        resolution=resolution, series_id=key, start=start
    )
    fallen = packed.pack({histogram.index(value): 1}) if one.metric.type == "h" else None
    old = bucket.first()
    if old is None:
        Bucket.objects.using(settings.DATABASE).create(
            resolution=resolution, series_id=key, start=start, count=1,
            total=value, minimum=value, maximum=value, last=value, histogram=fallen,
        )  # fmt: skip
    else:
        bucket.update(
            count=old.count + 1,
            total=old.total + value,
            minimum=min(old.minimum, value),
            maximum=max(old.maximum, value),
            last=value,
            histogram=packed.merged(old.histogram, fallen),
        )


def sum_up(one: Series, value: float, at: datetime) -> None:
    """What was observed of a series in all: one increment, observation or setting."""
    SeriesTotal.objects.using(settings.DATABASE).create(
        series=one, count=1, total=value, last=value, heard=at
    )
    if one.metric.type == "h":
        HistogramTotal.objects.using(settings.DATABASE).create(
            series=one, power=math.ceil(math.log2(value)), n=1
        )


def served(
    route: str, seconds: float, at: datetime, status: int = 201, method: str = "POST"
) -> None:
    """What the built-in metrics say of one request."""
    counter = series(
        "http_server_requests_total", "c", method=method, route=route, status=str(status)
    )
    timer = series(
        "http_server_request_duration_seconds",
        "h",
        method=method,
        route=route,
        status_class=f"{status // 100}xx",
    )
    observe(counter, 1, at)
    observe(timer, seconds, at)
