"""The application's two metric samples, by what each variant has for them."""

import os
from collections.abc import Callable
from typing import Any

Record = Callable[[int], None]
PRICES = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


def recorder(variant: str) -> Record:
    """Records one sale: a counter and a histogram, both with a label."""
    return _KINDS.get(variant, lambda: _nothing)()


def _nothing(price: int) -> None:
    """It has no metrics: structlog, silk, naive, OpenTelemetry's traces alone; and bare."""


def _telemetry() -> Record:
    import telemetry

    sold = telemetry.counter("sold_total", "Items sold.", labels=("kind",))
    prices = telemetry.histogram("price_minor", "Price.", labels=("kind",), unit="")

    def record(price: int) -> None:
        sold.inc(kind="book")
        prices.observe(price, kind="book")

    return record


def _prometheus() -> Record:
    from prometheus_client import Counter, Histogram

    sold = Counter("sold_total", "Items sold.", ("kind",))
    prices = Histogram("price_minor", "Price.", ("kind",), buckets=PRICES)

    def record(price: int) -> None:
        sold.labels(kind="book").inc()
        prices.labels(kind="book").observe(price)

    return record


def _json() -> Record:
    from bench.shop import jsonlog

    def record(price: int) -> None:
        jsonlog.sample("counter", "sold_total", {"kind": "book"}, 1)
        jsonlog.sample("histogram", "price_minor", {"kind": "book"}, price)

    return record


def _opentelemetry() -> Record:
    from opentelemetry import metrics

    meter = metrics.get_meter("shop")
    sold = meter.create_counter("sold_total", description="Items sold.")
    prices = meter.create_histogram("price_minor", description="Price.")

    def record(price: int) -> None:
        sold.add(1, {"kind": "book"})
        prices.record(price, {"kind": "book"})

    return record


def _sentry() -> Record:
    from sentry_sdk import metrics

    def record(price: int) -> None:
        metrics.count("sold_total", 1, attributes={"kind": "book"})
        metrics.distribution("price_minor", price, attributes={"kind": "book"})

    return record


_KINDS: dict[str, Any] = {
    "telemetry": _telemetry,
    "telemetry-log-files": _telemetry,
    "django-prometheus": _prometheus,
    "django-prometheus-wrappers": _prometheus,
    "json-logger": _json,
    "json-logger-rotated": _json,
    "opentelemetry-full": _opentelemetry,
    "sentry": _sentry,
}
sale = recorder(os.environ.get("BENCH_VARIANT", "bare"))
