"""Serves one variant's requests in this process and prints what they cost, as JSON.

Run by bench/overhead.py: `python -m bench.subject VARIANT REQUESTS FOLDER`.
"""

import io
import json
import os
import resource
import sys
import time
from typing import Any

WARM_UP = 200
BODY = b'{"item": 1, "count": 3}'


def main(variant: str, requests: int, folder: str) -> None:
    os.environ |= {
        "BENCH_VARIANT": variant,
        "BENCH_FOLDER": folder,
        "DJANGO_SETTINGS_MODULE": "bench.shop.settings",
    }
    from bench.shop import observers

    observers.install(variant)
    import django

    django.setup()
    _prepare()
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    if variant == "django-structlog":
        # Django configured logging anew.
        observers.install(variant)
    for _ in range(WARM_UP):
        _serve(application)
    walls = []
    began = _cpu()
    for _ in range(requests):
        start = time.perf_counter_ns()
        _serve(application)
        walls.append((time.perf_counter_ns() - start) / 1000)
    spent = (_cpu() - began) / requests * 1e6
    walls.sort()
    found: dict[str, Any] = {
        "cpu": spent,
        "wall": sum(walls) / requests,
        "p50": walls[requests // 2],
        "p99": walls[int(requests * 0.99)],
        "ingest_cpu": _ingest(requests + WARM_UP) if variant == "telemetry" else 0.0,
    }
    print(json.dumps(found))


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _prepare() -> None:
    from django.conf import settings
    from django.core.management import call_command

    from bench.shop.models import Item

    for alias in settings.DATABASES:
        call_command("migrate", database=alias, run_syncdb=True, verbosity=0)
    if not Item.objects.exists():
        Item.objects.bulk_create(Item(name=f"item {n}", price=n) for n in range(20))


def _serve(application: Any) -> None:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/shops/7/orders/",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(BODY)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_USER_AGENT": "bench/1.0",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(BODY),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    statuses: list[str] = []
    response = application(environ, lambda status, headers, exc=None: statuses.append(status))
    b"".join(response)
    response.close()
    assert statuses[0].startswith("200"), statuses


def _ingest(requests: int) -> float:
    """CPU µs a request that reading the journal into the store takes."""
    from telemetry.ingest import drain_if_free

    began = _cpu()
    handled = drain_if_free()
    assert handled is not None
    assert handled > requests * 3
    return (_cpu() - began) / requests * 1e6


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
