"""Columns of their own for what was repeated in each row; both tables are rebuilt once, with rows.

Metric samples and SQL statements of rows from before keep the form that they were written in.
"""

# Table and column names are constants of this module.
# ruff: noqa: S608

import django.db.models.deletion
from django.db import migrations, models

import telemetry.models.base
import telemetry.models.fields

# Where the old rows wait meanwhile.
_OLD = "telemetry_rebuilt"
_TEXTS = """
INSERT OR IGNORE INTO telemetry_name (value)
SELECT code FROM telemetry_log WHERE code IS NOT NULL
UNION SELECT json_extract(attributes, '$."user_agent.original"') FROM telemetry_request
WHERE json_type(attributes, '$."user_agent.original"') = 'text'
"""
_LOGS = f"""
INSERT INTO telemetry_log
(id, uid, process_id, level, logger_id, route_id, template_id, message, code_id, attributes)
SELECT id, uid, process_id, level, logger_id, route_id, template_id, message,
    (SELECT n.id FROM telemetry_name n WHERE n.value = o.code), attributes
FROM {_OLD} o ORDER BY id
"""
_SAME = (
    "id, uid, caller_trace_id, caller_span_id, caller_request_id, process_id, kind, is_self,"
    " method, route_id, path, status, duration, level, outcome, transaction_id, load_run_id,"
    " user_id, error_type_id, db_count, db_time, log_count, metrics, spans"
)
# Column, and the attribute of the old rows that it takes over where that is of this type.
_MOVED = (
    ("client_address", "client.address", "text"),
    ("request_size", "http.request.body.size", "integer"),
    ("response_size", "http.response.body.size", "integer"),
    ("user_agent_id", "user_agent.original", "text"),
)


def _requests():
    columns = ", ".join(column for column, *_ in _MOVED)
    values = ", ".join(_taken(*moved) for moved in _MOVED)
    paths = ", ".join(f"'$.\"{name}\"'" for _, name, _ in _MOVED)
    return (
        f"INSERT INTO telemetry_request ({_SAME}, {columns}, attributes)"
        f" SELECT {_SAME}, {values}, nullif(json_remove(attributes, {paths}), '{{}}')"
        f" FROM {_OLD} ORDER BY id"
    )


def _taken(column, name, kind):
    value = f"json_extract(attributes, '$.\"{name}\"')"
    if column == "user_agent_id":
        value = f"(SELECT n.id FROM telemetry_name n WHERE n.value = {value})"
    return f"CASE json_type(attributes, '$.\"{name}\"') WHEN '{kind}' THEN {value} END"


def _rebuild(apps, schema_editor):
    schema_editor.execute(_TEXTS)
    for name, copy in (("Log", _LOGS), ("Request", _requests())):
        model = apps.get_model("telemetry", name)
        table = model._meta.db_table
        for index in _indexes(schema_editor, table):
            schema_editor.execute(f"DROP INDEX {index}")
        schema_editor.execute(f"ALTER TABLE {table} RENAME TO {_OLD}")
        schema_editor.create_model(model)
        schema_editor.execute(copy)
        schema_editor.execute(f"DROP TABLE {_OLD}")


def _indexes(schema_editor, table):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = %s"
            " AND sql IS NOT NULL",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def _name(**fields):
    return telemetry.models.base.Interned(
        db_constraint=False,
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to="telemetry.name",
        **fields,
    )


def _json(text=""):
    return telemetry.models.fields.CapturedJSONField(null=True, help_text=text)


def _last(model, **fields):
    """Fields in place of those of the same name: long values last, so that others are read fast."""
    return [
        operation
        for name, field in fields.items()
        for operation in (
            migrations.RemoveField(model, name),
            migrations.AddField(model, name, field),
        )
    ]


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex("log", "log_uid"),
                migrations.RemoveIndex("request", "request_uid"),
                migrations.AlterField("log", "code", _name(help_text="file:line function")),
                migrations.AddField(
                    "log",
                    "weight",
                    models.FloatField(
                        help_text="records that it stands for, itself included", null=True
                    ),
                ),
                *_last("log", attributes=_json("its own")),
                migrations.AddField("log", "bound", _json("null: as the record before it")),
                migrations.AddField(
                    "request",
                    "client_address",
                    models.TextField(help_text="the network that it came from", null=True),
                ),
                migrations.AddField("request", "user_agent", _name()),
                migrations.AddField(
                    "request",
                    "request_size",
                    models.BigIntegerField(help_text="bytes of the body", null=True),
                ),
                migrations.AddField(
                    "request",
                    "response_size",
                    models.BigIntegerField(help_text="bytes of the body", null=True),
                ),
                migrations.AddField(
                    "request",
                    "weight",
                    models.FloatField(help_text="units that its kept detail stands for", null=True),
                ),
                migrations.AddField(
                    "request",
                    "overhead",
                    models.BigIntegerField(
                        help_text="microseconds telemetry spent in it", null=True
                    ),
                ),
                migrations.AddField(
                    "request",
                    "repeated",
                    _json(
                        "N+1: [statement, times run, microseconds, code line]; texts as names",
                    ),
                ),
                *_last(
                    "request",
                    attributes=_json(),
                    metrics=_json("[series, value, series, value, …]"),
                    spans=_json("[[offset µs, duration µs, database, statement]]; texts as names"),
                ),
                migrations.AddIndex(
                    "log",
                    models.Index(
                        telemetry.models.base.UidStart("uid"),
                        condition=models.Q(("uid__isnull", False)),
                        name="log_uid",
                    ),
                ),
                migrations.AddIndex(
                    "log",
                    models.Index(
                        telemetry.models.base.UidStart("uid"),
                        condition=models.Q(("bound__isnull", False)),
                        name="log_bound",
                    ),
                ),
                migrations.AddIndex(
                    "request",
                    models.Index(
                        condition=models.Q(("repeated__isnull", False)),
                        fields=["id"],
                        name="request_repeated",
                    ),
                ),
            ],
        ),
        migrations.RunPython(_rebuild, hints={}),
    ]
