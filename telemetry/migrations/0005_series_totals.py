"""Sums of each series for good, filled with what the buckets of the store still tell."""

import django.db.models.deletion
from django.db import migrations, models

import telemetry.models.fields

CREATE_SERIES = """
CREATE TABLE telemetry_seriestotal (
    series_id integer NOT NULL PRIMARY KEY,
    count integer NOT NULL,
    total real NOT NULL,
    last real NOT NULL,
    heard integer NOT NULL
)
"""
CREATE_HISTOGRAM = """
CREATE TABLE telemetry_histogramtotal (
    series_id integer NOT NULL,
    power integer NOT NULL,
    n integer NOT NULL,
    PRIMARY KEY (series_id, power)
) WITHOUT ROWID
"""
# The resolution of each series that has kept the most, the coarsest of equals: hours, unless
# somebody keeps minutes for longer. SQLite takes columns beside a max() from the row that has it.
_LONGEST = """
WITH sums AS (
    SELECT resolution, series_id, sum(count) AS count, sum(total) AS total, max(start) AS newest
    FROM telemetry_bucket GROUP BY resolution, series_id
), longest AS (
    SELECT series_id, resolution, count, total, max(count * 4096 + resolution)
    FROM sums GROUP BY series_id
)
"""
# The newest bucket of the finest resolution has the newest value.
_FILL = f"""
{_LONGEST}
INSERT INTO telemetry_seriestotal (series_id, count, total, last, heard)
SELECT l.series_id, l.count, l.total, b.last, b.start * 1000000 + b.last_at
FROM longest l JOIN telemetry_bucket b ON (b.resolution, b.series_id, b.start) = (
    SELECT resolution, series_id, newest FROM sums WHERE series_id = l.series_id
    ORDER BY newest DESC, resolution LIMIT 1
)
"""  # noqa: S608
_FILL_HISTOGRAM = f"""
{_LONGEST}
INSERT INTO telemetry_histogramtotal (series_id, power, n)
SELECT h.series_id, (h.idx + 64031) / 32 - 2000, sum(h.n)
FROM longest l JOIN telemetry_histogrambucket h
ON h.resolution = l.resolution AND h.series_id = l.series_id
GROUP BY 1, 2
"""  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0004_queue_time")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(CREATE_SERIES, "DROP TABLE telemetry_seriestotal"),
                migrations.RunSQL(CREATE_HISTOGRAM, "DROP TABLE telemetry_histogramtotal"),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="SeriesTotal",
                    fields=[
                        (
                            "series",
                            models.OneToOneField(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="telemetry.series",
                            ),
                        ),
                        ("count", models.BigIntegerField()),
                        ("total", models.FloatField()),
                        ("last", models.FloatField()),
                        ("heard", telemetry.models.fields.MicrosecondField()),
                    ],
                ),
                migrations.CreateModel(
                    name="HistogramTotal",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "series_id",
                                "power",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "series",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="telemetry.series",
                            ),
                        ),
                        ("power", models.IntegerField()),
                        ("n", models.BigIntegerField()),
                    ],
                ),
            ],
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.RunSQL(_FILL_HISTOGRAM, migrations.RunSQL.noop),
    ]
