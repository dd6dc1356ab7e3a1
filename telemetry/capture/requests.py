"""A request as a unit of work: begun before any other middleware, ended when it is answered."""

import asyncio
import functools
import ipaddress
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from telemetry.capture import context, errors, ids, redact, streams, units, values
from telemetry.capture.context import Unit
from telemetry.conf import settings


def begin(request: HttpRequest) -> Unit:
    """Start observing `request`; its unit of work becomes the current one."""
    unit = Unit(context.HTTP)
    unit.request = request
    unit.method = request.method
    unit.path = request.path_info
    unit.is_self = unit.path.startswith(tuple(settings.SELF_PATHS))
    given = request.headers.get("X-Request-ID")
    if given is not None:
        unit.caller_request_id = ids.parse_request_id(given)
    units.begin(unit, request.headers.get("traceparent", ""))
    return unit


def end(unit: Unit, request: HttpRequest, response: HttpResponseBase) -> None:
    """Answer with the ids; write the record now, or at the last byte of a streamed response."""
    response.headers.setdefault("X-Request-ID", unit.caller_request_id or unit.uid)
    response.headers.setdefault("traceparent", ids.traceparent(unit.trace_id, unit.uid))
    if response.streaming:
        streams.observe(unit, response, lambda: _finish(unit, request, response))
    else:
        _finish(unit, request, response)


def abort(unit: Unit, request: HttpRequest, error: BaseException) -> None:
    """No response came of it: the client has gone, or the server is ending this worker."""
    if isinstance(error, asyncio.CancelledError):
        unit.attributes[streams.DISCONNECTED] = True
    else:
        unit.error_type = errors.type_name(error)
    describe(unit, request, None)
    units.end(unit)


def _finish(unit: Unit, request: HttpRequest, response: HttpResponseBase) -> None:
    describe(unit, request, response)
    units.end(unit, response.status_code)


def describe(unit: Unit, request: HttpRequest, response: HttpResponseBase | None) -> None:
    """Add what HTTP says of the request, under OpenTelemetry's names."""
    meta = request.META
    found: dict[str, Any] = {"client.address": client_network(meta.get("REMOTE_ADDR", ""))}
    if meta.get("QUERY_STRING"):
        found["url.query"] = redact.query_string(meta["QUERY_STRING"][: values.TEXT_LIMIT])
    if meta.get("HTTP_USER_AGENT"):
        found["user_agent.original"] = meta["HTTP_USER_AGENT"][:200]
    if meta.get("CONTENT_LENGTH"):
        found["http.request.body.size"] = _size(meta["CONTENT_LENGTH"])
    if response is not None and not response.streaming:
        found["http.response.body.size"] = len(response.content)  # type: ignore[attr-defined]
    found.update(_load_baggage(meta.get("HTTP_BAGGAGE", "")))
    # What the application bound under the same name stands.
    unit.attributes = {**found, **unit.attributes}


def _load_baggage(header: str) -> dict[str, str]:
    """`load.run_id` and `load.level` of a W3C Baggage header: which load test sent this."""
    if "load." not in header:
        return {}
    pairs = (entry.partition(";")[0].partition("=") for entry in header[:1_000].split(","))
    return {
        key.strip(): values.text(unquote(value.strip()), 64)
        for key, _, value in pairs
        if key.strip() in ("load.run_id", "load.level")
    }


@functools.lru_cache(maxsize=1_024)
def client_network(address: str) -> str:
    """The /24 (IPv4) or /48 (IPv6) of an address: enough for a pattern, not for a person."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False).network_address)


def _size(header: str) -> int | str:
    return int(header) if header.isdecimal() and len(header) < 16 else values.text(header, 32)
