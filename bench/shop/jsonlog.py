"""Two JSON-file loggers: the facts that telemetry stores, and the few lines that a tutorial shows.

The full one is what a careful user sets up: each record with time, level, logger, place, process
and request id; one canonical record a request with what HTTP, the database and the metric samples
say of it. Nothing is redacted.
"""

import contextvars
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

log = logging.getLogger("request")
FIELDS = ("levelname", "name", "message", "pathname", "lineno", "funcName", "process", "request_id")


class Facts:
    """What is collected while a request runs."""

    __slots__ = ("db_count", "db_time", "request_id", "samples")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.db_count = 0
        self.db_time = 0.0
        self.samples: list[tuple[str, str, dict[str, str], float]] = []


current: contextvars.ContextVar[Facts | None] = contextvars.ContextVar("facts", default=None)


class RequestIdFilter(logging.Filter):
    """Of a handler: adds the request's id to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        facts = current.get()
        record.request_id = None if facts is None else facts.request_id
        return True


def watch(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Receiver of `connection_created`."""
    if _timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(_timed)


def _timed(execute: Any, sql: str, params: Any, many: bool, execution: Any) -> Any:
    facts = current.get()
    if facts is None:
        return execute(sql, params, many, execution)
    began = time.perf_counter()
    try:
        return execute(sql, params, many, execution)
    finally:
        facts.db_count += 1
        facts.db_time += time.perf_counter() - began


def sample(kind: str, name: str, labels: dict[str, str], value: float) -> None:
    """Keep a metric sample for the canonical record."""
    facts = current.get()
    if facts is not None:
        facts.samples.append((kind, name, labels, value))


class JsonLogMiddleware:
    """One canonical record a request."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        from django.db.backends.signals import connection_created

        self.get_response = get_response
        connection_created.connect(watch, dispatch_uid="jsonlog")

    def __call__(self, request: Any) -> Any:
        facts = Facts(request.headers.get("X-Request-ID") or uuid.uuid4().hex)
        token = current.set(facts)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = facts.request_id
            log.info("request", extra=_canonical(request, response, began, facts))
        finally:
            current.reset(token)
        return response


def _canonical(request: Any, response: Any, began: float, facts: Facts) -> dict[str, Any]:
    meta, match = request.META, request.resolver_match
    return {
        "method": request.method,
        "route": match.route if match else None,
        "path": request.path,
        "query": meta.get("QUERY_STRING"),
        "status": response.status_code,
        "duration": time.perf_counter() - began,
        "client": meta.get("REMOTE_ADDR"),
        "user_agent": meta.get("HTTP_USER_AGENT"),
        "request_size": meta.get("CONTENT_LENGTH"),
        "response_size": len(response.content),
        "user": getattr(getattr(request, "user", None), "pk", None),
        "db_count": facts.db_count,
        "db_time": facts.db_time,
        "metrics": facts.samples,
    }


class MinimalMiddleware:
    """The minimal logger's record of a request."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        began = time.perf_counter()
        response = self.get_response(request)
        fields = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "duration": time.perf_counter() - began,
        }
        log.info("request", extra=fields)
        return response
