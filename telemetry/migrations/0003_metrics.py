"""When a gauge's last value was set, and a bucket of zeros that lies below every float's.

The bucket of zeros was at -2000, where values of 1.5e-19 are counted too; what is there is zeros.
"""

from django.db import migrations, models

# Adding a column with a constant default rewrites nothing.
_ADD = "ALTER TABLE telemetry_bucket ADD COLUMN last_at integer NOT NULL DEFAULT 0"
_DROP = "ALTER TABLE telemetry_bucket DROP COLUMN last_at"
_MOVE = "UPDATE telemetry_histogrambucket SET idx = -40000 WHERE idx = -2000"
_MOVE_BACK = "UPDATE telemetry_histogrambucket SET idx = -2000 WHERE idx = -40000"


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0002_captured_detail")]

    operations = [
        migrations.RunSQL(
            _ADD,
            _DROP,
            state_operations=[
                migrations.AddField(
                    model_name="bucket",
                    name="last_at",
                    field=models.BigIntegerField(default=0),
                ),
            ],
        ),
        migrations.RunSQL(_MOVE, _MOVE_BACK),
    ]
