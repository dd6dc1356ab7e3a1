"""Slices: buckets of all series of a metric that have one value of a label (`ingest.slices`)."""

import json
from collections import defaultdict
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from telemetry.ingest.packed import merged

HOUR, LIMIT = 3_600, 64
# A slice's buckets have minus so many and its number in place of a series' number.
FIRST = 1 << 40
OVERFLOW = '{"otel_metric_overflow":"true"}'
_CREATE_MEMBERS = """
CREATE TABLE telemetry_slicemember (
    series_id integer NOT NULL,
    slice_id integer NOT NULL,
    PRIMARY KEY (series_id, slice_id)
) WITHOUT ROWID
"""
_SERIES = (
    "SELECT s.metric_id, s.id, s.labels FROM telemetry_series s JOIN telemetry_metric m"
    " ON m.id = s.metric_id WHERE m.type <> 'g' AND s.labels <> ? ORDER BY s.id"
)
_MAKE = "INSERT INTO telemetry_slice (metric_id, label, value) VALUES (?, ?, ?)"
_JOIN = "INSERT INTO telemetry_slicemember (series_id, slice_id) VALUES (?, ?)"
_FILL = f"""
INSERT INTO telemetry_bucket (resolution, series_id, start, count, total, minimum, maximum, last,
    last_at, histogram)
SELECT b.resolution, -{FIRST} - m.slice_id, b.start, sum(b.count), coalesce(sum(b.total), 0.0),
    min(b.minimum), max(b.maximum), max(b.last), 0,
    merged(CAST(group_concat(b.histogram, '') AS BLOB))
FROM telemetry_bucket b JOIN telemetry_slicemember m ON m.series_id = b.series_id
WHERE b.resolution >= {HOUR} GROUP BY 1, 2, 3
"""  # noqa: S608
_BARE = (
    f"DELETE FROM telemetry_bucket WHERE series_id < -{FIRST}",  # noqa: S608
    "DELETE FROM telemetry_slicemember",
    "DELETE FROM telemetry_slice",
)


def fill(db: Any) -> None:
    """Make the slices of the series that there are. `db` is sqlite3's connection."""
    metrics: defaultdict[int, dict[int, dict[str, str]]] = defaultdict(dict)
    for metric, series, labels in db.execute(_SERIES, (OVERFLOW,)).fetchall():
        metrics[metric][series] = json.loads(labels)
    for metric, every in metrics.items():
        alike = len({frozenset(labels) for labels in every.values()}) == 1
        for label in dict.fromkeys(label for labels in every.values() for label in labels):
            if alike and all(len(labels) == 1 for labels in every.values()):
                continue
            members: defaultdict[str, list[int]] = defaultdict(list)
            for series, labels in every.items():
                if label in labels:
                    members[labels[label]].append(series)
            if not alike or len(members) > LIMIT:
                db.execute(_MAKE, (metric, label, None))
                continue
            for value, of in members.items():
                number = db.execute(_MAKE, (metric, label, value)).lastrowid
                db.executemany(_JOIN, [(series, number) for series in of])
    db.create_function("merged", 1, merged)
    db.execute(_FILL)


def empty(db: Any) -> None:
    """Take them away again."""
    for statement in _BARE:
        db.execute(statement)


def _fill(apps: Any, schema_editor: Any) -> None:
    fill(schema_editor.connection.connection)


def _empty(apps: Any, schema_editor: Any) -> None:
    empty(schema_editor.connection.connection)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0007_packed_histograms")]

    operations = [
        migrations.CreateModel(
            name="Slice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.TextField()),
                ("value", models.TextField(null=True)),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="telemetry.metric",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["metric", "label", "value"], name="slice_identity"
                    )
                ]
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(_CREATE_MEMBERS, "DROP TABLE telemetry_slicemember"),
                migrations.RunPython(_fill, _empty),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="SliceMember",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "series_id",
                                "slice_id",
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
                        (
                            "slice",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="telemetry.slice",
                            ),
                        ),
                    ],
                ),
            ],
        ),
    ]
