import django.db.models.deletion
from django.db import migrations, models

import telemetry.models.base
import telemetry.models.fields

CREATE_BUCKET = """
CREATE TABLE telemetry_bucket (
    resolution integer NOT NULL,
    series_id integer NOT NULL,
    start integer NOT NULL,
    count integer NOT NULL,
    total real NOT NULL,
    minimum real NOT NULL,
    maximum real NOT NULL,
    last real NOT NULL,
    PRIMARY KEY (resolution, series_id, start)
) WITHOUT ROWID
"""

CREATE_HISTOGRAM = """
CREATE TABLE telemetry_histogrambucket (
    resolution integer NOT NULL,
    series_id integer NOT NULL,
    start integer NOT NULL,
    idx integer NOT NULL,
    n integer NOT NULL,
    PRIMARY KEY (resolution, series_id, start, idx)
) WITHOUT ROWID
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LogFile",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("inode", models.BigIntegerField()),
                ("length", models.BigIntegerField(help_text="bytes")),
                ("opened", telemetry.models.fields.MicrosecondField()),
            ],
        ),
        migrations.CreateModel(
            name="Metric",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(unique=True)),
                (
                    "type",
                    models.CharField(
                        choices=[("c", "counter"), ("g", "gauge"), ("h", "histogram")], max_length=1
                    ),
                ),
                ("unit", models.TextField(blank=True, default="")),
                ("help", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="Name",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.TextField(unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Quarantine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("timestamp", telemetry.models.fields.MicrosecondField()),
                ("segment", models.TextField()),
                ("offset", models.BigIntegerField(help_text="bytes from the segment's start")),
                ("reason", models.TextField()),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Total",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("value", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="LoadRun",
            fields=[
                ("id", models.TextField(primary_key=True, serialize=False)),
                (
                    "first_seen",
                    telemetry.models.fields.MicrosecondField(
                        help_text="start of its first request here", null=True
                    ),
                ),
                (
                    "last_seen",
                    telemetry.models.fields.MicrosecondField(
                        help_text="start of its newest request here", null=True
                    ),
                ),
                ("requests", models.BigIntegerField(default=0)),
                ("errors", models.BigIntegerField(default=0, help_text="answers of 500 and above")),
                (
                    "result",
                    models.JSONField(
                        help_text="what the clients measured, once it has ended", null=True
                    ),
                ),
            ],
            options={
                "verbose_name": "load run",
                "indexes": [models.Index(fields=["-first_seen"], name="loadrun_newest")],
            },
        ),
        migrations.CreateModel(
            name="Error",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fingerprint", telemetry.models.fields.HexIdField(max_length=16, unique=True)),
                ("type", models.TextField()),
                ("message", models.TextField(help_text="of the newest occurrence")),
                ("culprit", models.TextField(help_text="file:line function that raised")),
                ("first_seen", telemetry.models.fields.MicrosecondField()),
                ("last_seen", telemetry.models.fields.MicrosecondField(db_index=True)),
                ("count", models.PositiveBigIntegerField(default=0)),
                (
                    "route",
                    telemetry.models.base.Interned(
                        db_constraint=False,
                        db_index=False,
                        help_text="of the newest occurrence",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.name",
                    ),
                ),
            ],
            options={
                "verbose_name": "error",
            },
        ),
        migrations.CreateModel(
            name="Process",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("writer", telemetry.models.fields.HexIdField(max_length=16, unique=True)),
                ("pid", models.PositiveIntegerField(default=0)),
                ("host", models.TextField(default="")),
                (
                    "role",
                    models.TextField(
                        default="", help_text="web, task worker or the command's name"
                    ),
                ),
                ("app_version", models.TextField(default="")),
                ("started", telemetry.models.fields.MicrosecondField(null=True)),
                ("ended", telemetry.models.fields.MicrosecondField(null=True)),
                ("emitted", models.BigIntegerField(default=0)),
                ("dropped", models.JSONField(default=dict, help_text="{reason: records}")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended__isnull", True)),
                        fields=["id"],
                        name="process_unended",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("labels", models.TextField()),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="series",
                        to="telemetry.metric",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Sample",
            fields=[
                ("id", telemetry.models.fields.KeyField(primary_key=True, serialize=False)),
                (
                    "timestamp",
                    models.GeneratedField(
                        db_persist=False,
                        expression=telemetry.models.base._ShiftRight(
                            models.F("id"), models.Value(12)
                        ),
                        output_field=telemetry.models.fields.MicrosecondField(),
                    ),
                ),
                ("value", models.FloatField()),
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.SeparateDatabaseAndState(
            # Clustered on the key: 13 bytes a bucket against 40 with a row id and an index.
            database_operations=[
                migrations.RunSQL(CREATE_BUCKET, "DROP TABLE telemetry_bucket"),
                migrations.RunSQL(CREATE_HISTOGRAM, "DROP TABLE telemetry_histogrambucket"),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Bucket",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "resolution",
                                "series_id",
                                "start",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("resolution", models.PositiveIntegerField()),
                        ("start", models.BigIntegerField()),
                        ("count", models.BigIntegerField()),
                        ("total", models.FloatField()),
                        ("minimum", models.FloatField()),
                        ("maximum", models.FloatField()),
                        ("last", models.FloatField()),
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
                    ],
                ),
                migrations.CreateModel(
                    name="HistogramBucket",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "resolution",
                                "series_id",
                                "start",
                                "idx",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("resolution", models.PositiveIntegerField()),
                        ("start", models.BigIntegerField()),
                        ("idx", models.IntegerField()),
                        ("n", models.BigIntegerField()),
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
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="Occurrence",
            fields=[
                ("id", telemetry.models.fields.KeyField(primary_key=True, serialize=False)),
                (
                    "timestamp",
                    models.GeneratedField(
                        db_persist=False,
                        expression=telemetry.models.base._ShiftRight(
                            models.F("id"), models.Value(12)
                        ),
                        output_field=telemetry.models.fields.MicrosecondField(),
                    ),
                ),
                ("uid", telemetry.models.fields.HexIdField(max_length=16, null=True)),
                ("handled", models.BooleanField(help_text="caught and logged by the application")),
                ("message", models.TextField()),
                ("stack", models.TextField()),
                (
                    "error",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.error",
                    ),
                ),
                (
                    "process",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.process",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["error", "id"], name="occurrence_error"),
                    models.Index(fields=["uid"], name="occurrence_uid"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Log",
            fields=[
                ("id", telemetry.models.fields.KeyField(primary_key=True, serialize=False)),
                (
                    "timestamp",
                    models.GeneratedField(
                        db_persist=False,
                        expression=telemetry.models.base._ShiftRight(
                            models.F("id"), models.Value(12)
                        ),
                        output_field=telemetry.models.fields.MicrosecondField(),
                    ),
                ),
                (
                    "uid",
                    telemetry.models.fields.HexIdField(
                        help_text="the unit of work that it was made in", max_length=16, null=True
                    ),
                ),
                ("level", models.PositiveSmallIntegerField()),
                ("message", models.TextField()),
                ("code", models.TextField(help_text="file:line function", null=True)),
                ("attributes", models.JSONField(null=True)),
                (
                    "logger",
                    telemetry.models.base.Interned(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.name",
                    ),
                ),
                (
                    "route",
                    telemetry.models.base.Interned(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.name",
                    ),
                ),
                (
                    "template",
                    telemetry.models.base.Interned(
                        db_constraint=False,
                        db_index=False,
                        help_text="the message before its arguments went in",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.name",
                    ),
                ),
                (
                    "process",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.process",
                    ),
                ),
            ],
            options={
                "verbose_name": "log record",
                "indexes": [
                    models.Index(
                        condition=models.Q(("uid__isnull", False)), fields=["uid"], name="log_uid"
                    ),
                    models.Index(
                        condition=models.Q(("level__gte", 30)),
                        fields=["level", "id"],
                        name="log_severe",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Request",
            fields=[
                ("id", telemetry.models.fields.KeyField(primary_key=True, serialize=False)),
                (
                    "timestamp",
                    models.GeneratedField(
                        db_persist=False,
                        expression=telemetry.models.base._ShiftRight(
                            models.F("id"), models.Value(12)
                        ),
                        output_field=telemetry.models.fields.MicrosecondField(),
                    ),
                ),
                ("uid", telemetry.models.fields.HexIdField(max_length=16)),
                ("caller_trace_id", telemetry.models.fields.HexIdField(max_length=16, null=True)),
                ("caller_span_id", telemetry.models.fields.HexIdField(max_length=8, null=True)),
                ("caller_request_id", models.TextField(null=True)),
                (
                    "kind",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "request"), (2, "task"), (3, "command")]
                    ),
                ),
                (
                    "is_self",
                    models.BooleanField(
                        help_text="telemetry's own pages, health checks, static files"
                    ),
                ),
                ("method", models.TextField(null=True)),
                ("path", models.TextField(null=True)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("duration", models.BigIntegerField(help_text="microseconds", null=True)),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        help_text="highest level among its log records, or 0"
                    ),
                ),
                ("outcome", models.TextField(help_text="payment.outcome", null=True)),
                ("transaction_id", models.TextField(null=True)),
                ("load_run_id", models.TextField(null=True)),
                ("user_id", models.TextField(null=True)),
                ("db_count", models.PositiveIntegerField(default=0)),
                ("db_time", models.BigIntegerField(default=0, help_text="microseconds")),
                ("log_count", models.PositiveIntegerField(default=0)),
                ("attributes", models.JSONField(null=True)),
                (
                    "metrics",
                    models.JSONField(help_text="[[type, name, labels, value], …]", null=True),
                ),
                (
                    "spans",
                    models.JSONField(
                        help_text="[[offset µs, duration µs, database, statement]]", null=True
                    ),
                ),
                (
                    "error_type",
                    telemetry.models.base.Interned(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.name",
                    ),
                ),
                (
                    "process",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.process",
                    ),
                ),
                (
                    "route",
                    telemetry.models.base.Interned(
                        db_constraint=False,
                        db_index=False,
                        help_text="URL pattern, task function or command name",
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.name",
                    ),
                ),
            ],
            options={
                "verbose_name": "request",
                "indexes": [
                    models.Index(fields=["uid"], name="request_uid"),
                    models.Index(
                        condition=models.Q(("caller_trace_id__isnull", False)),
                        fields=["caller_trace_id"],
                        name="request_trace",
                    ),
                    models.Index(
                        condition=models.Q(("caller_request_id__isnull", False)),
                        fields=["caller_request_id"],
                        name="request_caller_id",
                    ),
                    models.Index(
                        condition=models.Q(("transaction_id__isnull", False)),
                        fields=["transaction_id"],
                        name="request_transaction",
                    ),
                    models.Index(
                        condition=models.Q(("load_run_id__isnull", False)),
                        fields=["load_run_id", "id"],
                        name="request_load_run",
                    ),
                    models.Index(
                        condition=models.Q(("error_type__isnull", False)),
                        fields=["id"],
                        name="request_failed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(unique=True)),
                ("position", models.BigIntegerField(default=0, help_text="bytes")),
                ("next_seq", models.BigIntegerField(default=0)),
                ("stored", models.BigIntegerField(default=0)),
                ("quarantined", models.BigIntegerField(default=0)),
                ("removed", models.BooleanField(default=False)),
                (
                    "process",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telemetry.process",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("removed", False)), fields=["name"], name="segment_open"
                    ),
                    models.Index(fields=["process"], name="segment_process"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.UniqueConstraint(fields=("metric", "labels"), name="series_identity"),
        ),
    ]
