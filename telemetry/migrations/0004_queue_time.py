from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0003_metrics")]

    operations = [
        migrations.AddField(
            model_name="request",
            name="queue_time",
            field=models.BigIntegerField(
                help_text="microseconds it waited for a worker", null=True
            ),
        ),
    ]
