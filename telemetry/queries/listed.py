"""Every metric with how many series it has, and what it does at this moment."""
# The names of tables and columns are constants of this module.
# ruff: noqa: S608

import time
from dataclasses import dataclass

from django.db import connections

from telemetry.conf import settings
from telemetry.queries import metrics
from telemetry.queries.metrics import MetricRow

# What counts as this moment: a gauge that stays is written each four minutes. Seconds.
RECENT = 300
# CROSS JOIN keeps SQLite from walking the buckets first.
_RECENT = (
    " FROM telemetry_metric m JOIN telemetry_series s ON s.metric_id = m.id"
    " CROSS JOIN telemetry_bucket b ON b.resolution = 60 AND b.series_id = s.id AND b.start >= %s"
)
_ADDED = (
    "SELECT m.name, total(iif(m.type = 'h', b.count, b.total))"
    f"{_RECENT} WHERE m.type <> 'g' GROUP BY m.id"
)
# With one max() SQLite takes the bare column from the row that has it.
_LAST = (
    "SELECT name, total(last) FROM (SELECT m.name AS name, b.last AS last, max(b.start)"
    f"{_RECENT} WHERE m.type = 'g' GROUP BY s.id) GROUP BY name"
)
_SERIES = (
    "SELECT m.name, count(*) FROM telemetry_metric m JOIN telemetry_series s"
    " ON s.metric_id = m.id GROUP BY m.id"
)


@dataclass(frozen=True, slots=True)
class ListedMetric:
    """A metric. `newest` of a gauge is its value, of several series their sum; of a counter or a
    histogram the increments or observations a second; None where nothing came for five minutes."""

    metric: MetricRow
    series: int
    newest: float | None


def listed(now: float | None = None) -> list[ListedMetric]:
    """Every metric that was declared, by name; `now` is in seconds since the epoch."""
    now = time.time() if now is None else now
    since = int(now - RECENT) // 60 * 60
    series = _read(_SERIES)
    newest = {name: added / (now - since) for name, added in _read(_ADDED, since).items()}
    newest |= _read(_LAST, since)
    return [
        ListedMetric(metric, int(series.get(metric.name, 0)), newest.get(metric.name))
        for metric in metrics.names()
    ]


def _read(sql: str, *parameters: int) -> dict[str, float]:
    with connections[settings.DATABASE].cursor() as cursor:
        cursor.execute(sql, parameters)
        return dict(cursor.fetchall())
