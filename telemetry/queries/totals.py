"""What every series did since the store was made, in two statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec
from django.db import connections

from telemetry.conf import settings
from telemetry.models.fields import to_microseconds

COUNTER, GAUGE, HISTOGRAM = "c", "g", "h"
_LABELS = msgspec.json.Decoder(dict[str, str])
# One statement, so that counts and buckets are of the same moment.
_TOTALS = (
    "SELECT series_id, NULL, count, total, last, heard FROM telemetry_seriestotal"
    " UNION ALL SELECT series_id, power, n, NULL, NULL, NULL FROM telemetry_histogramtotal"
)
_SERIES = (
    "SELECT m.name, m.type, m.unit, m.help, s.id, s.labels FROM telemetry_metric m"
    " JOIN telemetry_series s ON s.metric_id = m.id ORDER BY m.name, s.labels"
)


@dataclass(slots=True)
class SeriesSum:
    """One series. `powers` has the observations in `(2^(power-1), 2^power]`, in no order."""

    labels: Mapping[str, str]
    count: int
    total: float
    last: float
    heard: int
    powers: dict[int, int]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric with its series, ordered by their labels; `type` is COUNTER, GAUGE or HISTOGRAM."""

    name: str
    type: str
    unit: str
    help: str
    series: Sequence[SeriesSum]


def families(gauges_for: timedelta, now: datetime | None = None) -> list[Family]:
    """Every metric that has a series, by name; gauges only when set within `gauges_for`."""
    oldest = to_microseconds((now or datetime.now(UTC)) - gauges_for)
    with connections[settings.DATABASE].cursor() as cursor:
        # Before their names: a series that is made between the two is of the next scrape.
        sums = _sums(cursor.execute(_TOTALS).fetchall())
        listed = cursor.execute(_SERIES).fetchall()
    found = []
    for (name, kind, unit, text), members in groupby(listed, key=lambda row: row[:4]):
        series = [_labelled(sums[row[4]], row[5]) for row in members if row[4] in sums]
        if kind == GAUGE:
            series = [one for one in series if one.heard >= oldest]
        if series:
            found.append(Family(name, kind, unit, text, series))
    return found


def _sums(listed: Sequence[tuple[Any, ...]]) -> dict[int, SeriesSum]:
    sums = {
        series: SeriesSum({}, count, total, last, heard, {})
        for series, power, count, total, last, heard in listed
        if power is None
    }
    for series, power, n, *_ in listed:
        if power is not None and series in sums:
            sums[series].powers[power] = n
    return sums


def _labelled(found: SeriesSum, labels: str) -> SeriesSum:
    found.labels = _LABELS.decode(labels)
    return found
