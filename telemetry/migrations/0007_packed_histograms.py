"""The buckets of a histogram's values, packed into one value beside the sums that they belong to.

With it come intervals of six hours, and from an hour on those of all series of a metric together.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.db import migrations, models

from telemetry.ingest.packed import merged, pack, unpack

HOUR, SIX_HOURS, DAY = 3_600, 21_600, 86_400
_ADD = "ALTER TABLE telemetry_bucket ADD COLUMN histogram blob"
_DROP = "ALTER TABLE telemetry_bucket DROP COLUMN histogram"
_CREATE_OLD = """
CREATE TABLE telemetry_histogrambucket (
    resolution integer NOT NULL,
    series_id integer NOT NULL,
    start integer NOT NULL,
    idx integer NOT NULL,
    n integer NOT NULL,
    PRIMARY KEY (resolution, series_id, start, idx)
) WITHOUT ROWID
"""
_OLD = (
    "SELECT resolution, series_id, start, idx, n FROM telemetry_histogrambucket"
    " ORDER BY resolution, series_id, start, idx"
)
_PACKED = (
    "SELECT resolution, series_id, start, histogram FROM telemetry_bucket"
    " WHERE histogram IS NOT NULL"
)
_SET = (
    "UPDATE telemetry_bucket SET histogram = ? WHERE resolution = ? AND series_id = ? AND start = ?"
)
_PUT = (
    "INSERT INTO telemetry_histogrambucket (resolution, series_id, start, idx, n)"
    " VALUES (?, ?, ?, ?, ?)"
)
_MERGED = "merged(CAST(group_concat({0}histogram, '') AS BLOB))"
# Of a gauge the value of its newest bucket.
SIX = f"""
INSERT INTO telemetry_bucket (resolution, series_id, start, count, total, minimum, maximum, last,
    last_at, histogram)
SELECT {SIX_HOURS}, w.series_id, w.at, w.count, w.total, w.minimum, w.maximum, b.last,
    iif(m.type = 'g', (w.newest - w.at) * 1000000 + b.last_at, 0), w.histogram
FROM (
    SELECT series_id, start / {SIX_HOURS} * {SIX_HOURS} AS at, sum(count) AS count,
        coalesce(sum(total), 0.0) AS total, min(minimum) AS minimum, max(maximum) AS maximum,
        max(start) AS newest, {_MERGED.format("")} AS histogram
    FROM telemetry_bucket WHERE resolution = {HOUR} GROUP BY 1, 2
) w CROSS JOIN telemetry_bucket b
    ON b.resolution = {HOUR} AND b.series_id = w.series_id AND b.start = w.newest
LEFT JOIN telemetry_series s ON s.id = w.series_id
LEFT JOIN telemetry_metric m ON m.id = s.metric_id
"""  # noqa: S608
# A gauge has none, and what is no gauge has no last value that would matter.
WHOLES = f"""
INSERT INTO telemetry_bucket (resolution, series_id, start, count, total, minimum, maximum, last,
    last_at, histogram)
SELECT b.resolution, -s.metric_id, b.start, sum(b.count), coalesce(sum(b.total), 0.0),
    min(b.minimum), max(b.maximum), max(b.last), 0, {_MERGED.format("b.")}
FROM telemetry_bucket b JOIN telemetry_series s ON s.id = b.series_id
JOIN telemetry_metric m ON m.id = s.metric_id
WHERE b.resolution >= {HOUR} AND m.type <> 'g' GROUP BY 1, 2, 3
"""  # noqa: S608
_BARE = (
    "DELETE FROM telemetry_bucket WHERE series_id < 0",
    f"DELETE FROM telemetry_bucket WHERE resolution = {SIX_HOURS}",  # noqa: S608
)


def fill(db: Any) -> None:
    """Make what there was no such thing of, from what there is. `db` is sqlite3's connection."""
    db.create_function("merged", 1, merged)
    db.execute(SIX)
    db.execute(WHOLES)


def empty(db: Any) -> None:
    """Take it away again."""
    for statement in _BARE:
        db.execute(statement)


def _pack(apps: Any, schema_editor: Any) -> None:
    db = schema_editor.connection.connection
    db.executemany(_SET, _packed(db.cursor().execute(_OLD)))
    fill(db)


def _packed(rows: Any) -> Iterator[tuple[bytes, int, int, int]]:
    for key, members in groupby(rows, key=lambda row: row[:3]):
        yield pack({idx: n for *_, idx, n in members}), *key


def _unpack(apps: Any, schema_editor: Any) -> None:
    db = schema_editor.connection.connection
    empty(db)
    db.executemany(_PUT, _unpacked(db.cursor().execute(_PACKED)))


def _unpacked(rows: Any) -> Iterator[tuple[int, ...]]:
    for *key, histogram in rows:
        for idx, n in unpack(histogram).items():
            yield *key, idx, n


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0006_days")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(_ADD, _DROP),
                migrations.RunPython(_pack, _unpack),
                migrations.RunSQL("DROP TABLE telemetry_histogrambucket", _CREATE_OLD),
            ],
            state_operations=[
                migrations.AddField(
                    model_name="bucket",
                    name="histogram",
                    field=models.BinaryField(null=True),
                ),
                migrations.DeleteModel(name="HistogramBucket"),
            ],
        ),
    ]
