"""One table to read from and to write to."""

import os

from django.db import models

if os.environ.get("BENCH_VARIANT") == "django-prometheus-wrappers":
    from django_prometheus.models import ExportModelOperationsMixin

    BASES: tuple[type, ...] = (ExportModelOperationsMixin("item"), models.Model)
else:
    BASES = (models.Model,)


class Item(*BASES):  # type: ignore[misc]
    """A thing with a price in minor units."""

    name = models.CharField(max_length=40)
    price = models.IntegerField()

    class Meta:
        app_label = "shop"


class NaiveRow(models.Model):
    """What the naive middleware inserts three of a request."""

    kind = models.CharField(max_length=20)
    text = models.TextField()
    value = models.FloatField(default=0)
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        app_label = "shop"
