"""Where the microseconds of capture go: each part by itself, in a hot loop.

    python -m bench.parts

Prints the fastest of many rounds, so that other work on the machine is left out. In a request the
caches are colder: bench/overhead.py measures about twice the sum.
"""

import io
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUTE = "shops/<int:shop>/orders/"
CALLS = 2_000
ROUNDS = 30


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-parts-") as folder:
        os.environ |= {
            "BENCH_VARIANT": "telemetry",
            "BENCH_FOLDER": folder,
            "DJANGO_SETTINGS_MODULE": "bench.shop.settings",
        }
        import django

        django.setup()
        rows = list(parts(Path(folder)))
    print("| part | µs a call | calls a request | µs a request |\n|---|---:|---:|---:|")
    for name, spent, calls in rows:
        total = f"{spent * calls:.1f}" if calls else "(within)"
        print(f"| {name} | {spent:.2f} | {calls or ''} | {total} |")
    print(f"| sum | | | {sum(spent * calls for _, spent, calls in rows):.1f} |")


def fastest(call: Callable[[], Any]) -> float:
    """Microseconds of one call, the loop around it left out."""
    return _fastest(call) - _fastest(_nothing)


def _nothing() -> None:
    pass


def _fastest(call: Callable[[], Any]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter_ns()
        for _ in range(CALLS):
            call()
        best = min(best, (time.perf_counter_ns() - began) / CALLS / 1000)
    return best


def parts(folder: Path) -> Any:
    """(name, µs a call, calls in a request; 0 where it is part of the one above)."""
    from django.http import HttpResponse

    from telemetry.capture import context, logs, sink, sql
    from telemetry.journal import events
    from telemetry.middleware import TelemetryMiddleware

    request = _request()
    response = HttpResponse(b"{}" * 20, content_type="application/json")
    middleware = TelemetryMiddleware(lambda given: response)
    yield "request: begin, end, its record", fastest(lambda: middleware(request)), 1

    unit = context.Unit(context.HTTP)
    unit.route = ROUTE
    token = context.current.set(unit)
    record = logging.LogRecord("shop", 20, __file__, 1, "order of %s received", ("item 1",), None)
    record.__dict__.update(item=1, count=3)
    event = logs.to_event(record, unit)
    payload = events.encode(event)
    destination = sink.current()
    assert isinstance(destination, sink.JournalSink)
    journal = destination.journal
    yield "log record", fastest(lambda: logs.observe(record)), 2
    yield "– message, fields, redaction", fastest(lambda: logs.to_event(record, unit)), 0
    yield "– encoding (msgspec)", fastest(lambda: events.encode(event)), 0
    yield "– journal: line, checksum, board, write", fastest(lambda: journal.append(payload)), 0
    with (folder / "raw").open("ab", buffering=0) as file:
        data = payload + b"x" * 12
        yield "– – write(2) alone", fastest(lambda: os.write(file.fileno(), data)), 0

    execution: dict[str, Any] = {"connection": type("Connection", (), {"alias": "default"})}

    def ask() -> None:
        sql.observe(_execute, "SELECT 1", None, False, execution)
        if unit.db_count == 3:
            unit.spans.clear()
            unit.db_count = 0

    yield "SQL statement", fastest(ask), 3

    import telemetry

    price = telemetry.histogram("price_minor", "Price.", labels=("kind",), unit="")

    def observe() -> None:
        price.observe(17.5, kind="book")
        if len(unit.samples) > 100:
            unit.samples.clear()

    yield "metric sample", fastest(observe), 2
    context.current.reset(token)


def _execute(*given: Any) -> None:
    pass


def _request() -> Any:
    from django.core.handlers.wsgi import WSGIRequest

    request = WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/shops/7/orders/",
            "SCRIPT_NAME": "",
            "CONTENT_LENGTH": "23",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": "bench/1.0",
            "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
        }
    )
    request.resolver_match = type("Match", (), {"route": ROUTE})  # type: ignore[assignment]
    return request


if __name__ == "__main__":
    main()
