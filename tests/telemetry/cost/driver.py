"""Serves requests with and without telemetry, each kind and number in a fork of its own.

    PYTHONHASHSEED=0 valgrind --tool=callgrind --callgrind-out-file=FOLDER/%p \
        python -m tests.telemetry.cost.driver FOLDER

A request logs two INFO records with arguments and `extra`, runs three statements on an in-memory
database and records two metric samples; the journal is a real one, in FOLDER. Callgrind counts a
fork's instructions on from its parent's: those of one request are the difference of two forks,
divided, and whatever both did before cancels. Prints `KIND REQUESTS PID` for each fork.
"""

import gc
import importlib
import logging
import os
import sys
import traceback
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import setting_changed
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

BARE, OBSERVED = "bare", "observed"
# So many requests fill every cache; so many more are counted.
WARM_UP, COUNTED = 20, 80
BODY = b'{"item": 1, "count": 3}'
# The few whose statements are kept, by chance or because they are slow, are no part of the figure.
TELEMETRY = {
    "INGEST": "off", "DETAIL_SAMPLE": 0.0, "SLOW_SECONDS": 3_600.0, "OVERHEAD_BUDGET": 1e9,
}  # fmt: skip
log = logging.getLogger("shop")
Serve = Callable[[HttpRequest], Any]


def main(folder: Path) -> None:
    configure(folder)
    # Not counted: a collection that visits all that was imported, in one fork and not in another.
    gc.collect()
    gc.freeze()
    for kind in (BARE, OBSERVED):
        for requests in (WARM_UP, WARM_UP + COUNTED):
            pid = os.fork()
            if pid == 0:
                serve_and_exit(kind, requests, folder)
            _, status = os.waitpid(pid, 0)
            if status:
                raise SystemExit(f"{kind} ended with status {status}")
            print(kind, requests, pid, flush=True)


def configure(folder: Path) -> None:
    """A project with telemetry installed and switched off."""
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "CONN_MAX_AGE": None}
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": memory, "telemetry": dict(memory)},
        INSTALLED_APPS=["telemetry"],
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"none": {"class": "logging.NullHandler"}},
            "root": {"handlers": ["none"], "level": "INFO"},
        },
        ROOT_URLCONF=__name__,
        SECRET_KEY="cost",
        TELEMETRY=TELEMETRY | {"DATA_DIR": folder},
        USE_TZ=True,
    )
    django.setup()
    # Before the forks, so that none of them does it under Callgrind's eyes.
    importlib.import_module("telemetry.middleware")
    importlib.import_module("telemetry.wiring")


def serve_and_exit(kind: str, requests: int, folder: Path) -> None:
    """In a fork: serve, and end without the parent's tidying up."""
    status = 1
    try:
        handler = observed(folder) if kind == OBSERVED else view(lambda price: None)
        for number in range(requests):
            response = handler(WSGIRequest(environ(number)))
            response.close()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def observed(folder: Path) -> Serve:
    """The view behind telemetry's middleware, switched on."""
    import telemetry
    from telemetry import middleware, wiring

    settings.TELEMETRY = TELEMETRY | {"DATA_DIR": folder, "INGEST": "external"}
    setting_changed.send(None, setting="TELEMETRY", value=settings.TELEMETRY, enter=True)
    wiring.install()
    sold = telemetry.counter("sold_total", "Items sold.", labels=("kind",))
    prices = telemetry.histogram("price_minor", "Price.", labels=("kind",), unit="")

    def sale(price: int) -> None:
        sold.inc(kind="book")
        prices.observe(price, kind="book")

    return middleware.TelemetryMiddleware(view(sale))


def view(sale: Callable[[int], None]) -> Serve:
    """The application, down from the middleware."""

    def serve(request: HttpRequest) -> HttpResponse:
        request.resolver_match = ROUTE.resolve(request.path_info[1:])
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s, name FROM sqlite_master WHERE rootpage = %s", [7, 1])
            log.info("order of %s received", "item 1", extra={"item": 1, "count": 3})
            cursor.execute("SELECT count(*) FROM sqlite_master")
            sale(100)
            cursor.execute("SELECT max(name) FROM sqlite_master WHERE type = %s", ["table"])
        log.info("order settled for %d", 300, extra={"item": 1})
        return HttpResponse(b'{"item": "item 1", "total": 300}', content_type="application/json")

    return serve


ROUTE = path("shops/<int:shop>/orders/", view(lambda price: None))
urlpatterns = [ROUTE]


def environ(number: int) -> dict[str, Any]:
    """What a WSGI server makes of a request."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/shops/{number % 10}/orders/",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(BODY)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_USER_AGENT": "cost/1.0",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(BODY),
        "wsgi.errors": sys.stderr,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
