"""Buckets of a day and of 30 days, added up from the hours that the store still has."""

from django.db import migrations

HOUR, DAY, MONTH = 3_600, 86_400, 30 * 86_400


def fill(finer: int, coarser: int) -> str:
    """The sums, and of a gauge the value of the newest bucket."""
    return f"""
INSERT INTO telemetry_bucket
    (resolution, series_id, start, count, total, minimum, maximum, last, last_at)
SELECT {coarser}, w.series_id, w.at, w.count, w.total, w.minimum, w.maximum, b.last,
    iif(m.type = 'g', (w.newest - w.at) * 1000000 + b.last_at, 0)
FROM (
    SELECT series_id, start / {coarser} * {coarser} AS at, sum(count) AS count,
        coalesce(sum(total), 0.0) AS total, min(minimum) AS minimum, max(maximum) AS maximum,
        max(start) AS newest
    FROM telemetry_bucket WHERE resolution = {finer} GROUP BY 1, 2
) w CROSS JOIN telemetry_bucket b
    ON b.resolution = {finer} AND b.series_id = w.series_id AND b.start = w.newest
LEFT JOIN telemetry_series s ON s.id = w.series_id
LEFT JOIN telemetry_metric m ON m.id = s.metric_id
"""  # noqa: S608


def fill_histogram(finer: int, coarser: int) -> str:
    """The sums of each bucket of values."""
    return f"""
INSERT INTO telemetry_histogrambucket (resolution, series_id, start, idx, n)
SELECT {coarser}, series_id, start / {coarser} * {coarser}, idx, sum(n)
FROM telemetry_histogrambucket WHERE resolution = {finer} GROUP BY 2, 3, 4
"""  # noqa: S608


FILL = (
    fill(HOUR, DAY),
    fill(DAY, MONTH),
    fill_histogram(HOUR, DAY),
    fill_histogram(DAY, MONTH),
)
EMPTY = tuple(
    f"DELETE FROM telemetry_{table} WHERE resolution IN ({DAY}, {MONTH})"  # noqa: S608
    for table in ("bucket", "histogrambucket")
)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0005_series_totals")]

    operations = [migrations.RunSQL(FILL, EMPTY)]
