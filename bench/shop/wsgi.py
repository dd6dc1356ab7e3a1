"""The WSGI application of the variant that BENCH_VARIANT names."""

import os

from bench.shop import observers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.shop.settings")
observers.install(os.environ.get("BENCH_VARIANT", "bare"))

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()


def prepare() -> None:
    """Make the tables of every database, and the goods; nothing where they are there."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from bench.shop.models import Item

    for alias in settings.DATABASES:
        call_command("migrate", database=alias, run_syncdb=True, verbosity=0)
    if not Item.objects.exists():
        Item.objects.bulk_create(Item(name=f"item {n}", price=n) for n in range(20))
    connections.close_all()
