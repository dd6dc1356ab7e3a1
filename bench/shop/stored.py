"""What a variant has stored of the requests that it served: it must be what it claims to store."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from bench.shop import observers

Found = dict[str, int]


def check(variant: str, served: int) -> Found:
    """How much of each kind is there; AssertionError when it is not all of it."""
    asked = _CHECKS.get(variant, lambda served: ({}, {}))
    deadline = time.monotonic() + 10
    while True:
        # An observer's thread may be at work on the last of it.
        observers.flush(variant)
        found, wanted = asked(served)
        if found == wanted or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    assert found == wanted, f"{variant} stored {found}, not {wanted}, of {served} requests"
    return found


def _prometheus(served: int) -> tuple[Found, Found]:
    return _registry(
        {
            "django_http_requests_latency_including_middlewares_seconds_count": {},
            "django_http_requests_total_by_method_total": {"method": "POST"},
            "sold_total": {"kind": "book"},
            "price_minor_count": {"kind": "book"},
        },
        served,
    )


def _prometheus_wrappers(served: int) -> tuple[Found, Found]:
    found, wanted = _prometheus(served)
    models = _registry({"django_model_updates_total": {"model": "item"}}, served)
    database = {"alias": "default", "vendor": "sqlite"}
    statements = _registry({"django_db_query_duration_seconds_count": database}, served * 3)
    # Those before the first request, of migrating, are in it as well.
    name = "django_db_query_duration_seconds_count"
    assert statements[0][name] >= served * 3, statements
    return found | models[0], wanted | models[1]


def _registry(names: dict[str, dict[str, str]], number: int) -> tuple[Found, Found]:
    from prometheus_client import REGISTRY

    found = {name: int(REGISTRY.get_sample_value(name, of) or 0) for name, of in names.items()}
    return found, dict.fromkeys(names, number)


def _lines() -> list[dict[str, object]]:
    with (Path(os.environ["BENCH_FOLDER"]) / "app.jsonl").open() as file:
        return [json.loads(line) for line in file]


def _json_logger(served: int) -> tuple[Found, Found]:
    lines = _lines()
    full = [line for line in lines if line.get("db_count") == 3 and len(line["metrics"]) == 2]  # type: ignore[arg-type]
    found = {
        "lines": len(lines),
        "canonical": len(full),
        "with id": sum(bool(line["request_id"] and line["timestamp"]) for line in lines),
        "requests": len({line["request_id"] for line in lines}),
    }
    wanted = {"lines": served * 3, "canonical": served, "with id": served * 3, "requests": served}
    return found, wanted


def _json_logger_minimal(served: int) -> tuple[Found, Found]:
    return {"lines": len(_lines())}, {"lines": served * 3}


def _structlog(served: int) -> tuple[Found, Found]:
    lines = _lines()
    of_requests = [line for line in lines if "request" in line]
    found = {
        "lines": len(lines),
        "started and finished": len(of_requests),
        "requests": len({line["request_id"] for line in lines}),
    }
    return found, {"lines": served * 4, "started and finished": served * 2, "requests": served}


def _naive(served: int) -> tuple[Found, Found]:
    from bench.shop.models import NaiveRow

    return {"rows": NaiveRow.objects.count()}, {"rows": served * 3}


def _silk(served: int) -> tuple[Found, Found]:
    from silk.models import Request, Response, SQLQuery

    found = {
        "requests": Request.objects.count(),
        "responses": Response.objects.count(),
        "statements": SQLQuery.objects.count(),
    }
    if served > 10_000:
        # It deletes down to so many, at chance.
        assert found["requests"] >= 9_000, found
        return found, found
    return found, {"requests": served, "responses": served, "statements": served * 3}


def _opentelemetry(served: int) -> tuple[Found, Found]:
    return {"spans": observers.exported["spans"]}, {"spans": served * 4}


def _opentelemetry_full(served: int) -> tuple[Found, Found]:
    names = ("http.server.duration", "sold_total", "price_minor")
    found = dict(observers.exported) | {
        name: observers.exported_metrics.get(name, 0) for name in names
    }
    wanted = {"spans": served * 4, "logs": served * 2} | dict.fromkeys(names, served)
    return found, wanted


def _sentry(served: int) -> tuple[Found, Found]:
    wanted = {"transaction": served, "log": served * 2, "trace_metric": served * 2}
    return {kind: observers.exported[kind] for kind in wanted}, wanted


def _telemetry(served: int) -> tuple[Found, Found]:
    """Of the store, once ingest has read everything."""
    from django.db.models import Sum

    from telemetry.models import Bucket, Log, Request

    buckets = Bucket.objects.using("telemetry").filter(resolution=10)
    found = {
        "requests": Request.objects.using("telemetry").count(),
        "logs": Log.objects.using("telemetry").count(),
        "statements": Request.objects.using("telemetry").aggregate(n=Sum("db_count"))["n"] or 0,
    }
    for name in ("sold_total", "price_minor"):
        of = buckets.filter(series__metric__name=name)
        found[name] = of.aggregate(n=Sum("count"))["n"] or 0
    wanted = {"requests": served, "logs": served * 2, "statements": served * 3}
    return found, wanted | {"sold_total": served, "price_minor": served}


_CHECKS: dict[str, Callable[[int], tuple[Found, Found]]] = {
    "telemetry": _telemetry,
    "telemetry-log-files": _telemetry,
    "django-prometheus": _prometheus,
    "django-prometheus-wrappers": _prometheus_wrappers,
    "json-logger": _json_logger,
    "json-logger-rotated": _json_logger,
    "json-logger-minimal": _json_logger_minimal,
    "django-structlog": _structlog,
    "naive": _naive,
    "opentelemetry": _opentelemetry,
    "opentelemetry-full": _opentelemetry_full,
    "sentry": _sentry,
    "silk": _silk,
}
