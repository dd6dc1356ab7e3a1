"""A request as a unit of work: begun before any other middleware, ended when it is answered."""

import asyncio
import functools
import ipaddress
from time import perf_counter_ns
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from telemetry.capture import context, errors, ids, queueing, redact, streams, units, values
from telemetry.capture.context import Unit
from telemetry.conf import settings


def begin(request: HttpRequest) -> Unit:
    """Start observing `request`; its unit of work becomes the current one."""
    unit = Unit(context.HTTP)
    unit.request = request
    unit.method = request.method
    path = request.path_info
    unit.is_self = path.startswith(settings.self_paths)
    unit.path = path if redact.is_plain_path(path) is not None else values.path(path, 1_000)
    # Not `request.headers`: that makes a dictionary of all of them.
    meta = request.META
    given = meta.get("HTTP_X_REQUEST_ID")
    if given is not None:
        unit.caller_request_id = ids.parse_request_id(given)
    queued = meta.get("HTTP_X_REQUEST_START")
    if queued is not None:
        unit.queue_time = queueing.waited(queued, unit.start)
    units.begin(unit, meta.get("HTTP_TRACEPARENT", ""))
    return unit


def end(unit: Unit, request: HttpRequest, response: HttpResponseBase) -> None:
    """Answer with the ids; write the record now, or at the last byte of a streamed response."""
    began = 0 if unit.spent is None else perf_counter_ns()
    uid = unit.uid
    trace = f"00-{unit.caller_trace_id or uid}-{uid[16:]}-01"
    headers = response.headers
    try:
        # Not by `getattr`, for which Python would look into each base class first.
        store = headers._store
    except AttributeError:
        store = None
    if type(store) is dict:
        # Django's own `setdefault` encodes and checks what is known to be plain ASCII here, which
        # costs as much as the rest of this module.
        if "x-request-id" not in store:
            store["x-request-id"] = ("X-Request-ID", unit.caller_request_id or uid)
        if "traceparent" not in store:
            store["traceparent"] = ("traceparent", trace)
    else:
        headers.setdefault("X-Request-ID", unit.caller_request_id or uid)
        headers.setdefault("traceparent", trace)
    if response.streaming:
        streams.observe(unit, response, lambda: _finish(unit, request, response))
        return
    describe(unit, request, response)
    if unit.spent is not None:
        unit.spent += perf_counter_ns() - began
    units.end(unit, response.status_code)


def abort(unit: Unit, request: HttpRequest, error: BaseException) -> None:
    """No response came of it: the client has gone, or the server is ending this worker."""
    if isinstance(error, asyncio.CancelledError):
        unit.bind({streams.DISCONNECTED: True})
    else:
        unit.error_type = errors.type_name(error)
    describe(unit, request, None)
    units.end(unit)


def _finish(unit: Unit, request: HttpRequest, response: HttpResponseBase) -> None:
    describe(unit, request, response)
    units.end(unit, response.status_code)


def describe(unit: Unit, request: HttpRequest, response: HttpResponseBase | None) -> None:
    """Add what HTTP says of the request."""
    meta = request.META
    unit.client_address = client_network(meta.get("REMOTE_ADDR", ""))
    agent = meta.get("HTTP_USER_AGENT")
    if agent:
        unit.user_agent = _user_agent(agent[:600])
    length = meta.get("CONTENT_LENGTH")
    if length and length.isdecimal() and len(length) < 16:
        unit.request_size = int(length)
    if response is not None and not response.streaming:
        unit.response_size = len(response.content)  # type: ignore[attr-defined]
    query = meta.get("QUERY_STRING")
    if query:
        _set_missing(unit, {"url.query": _query(query)})
    if settings.CAPTURE_HEADERS:
        _set_missing(unit, _allowed(meta))
    baggage = meta.get("HTTP_BAGGAGE")
    if baggage:
        _set_missing(unit, _load_baggage(baggage))


def _query(given: str) -> str:
    if len(given) > values.TEXT_LIMIT:
        # The last pair may be cut in two.
        given = given[: values.TEXT_LIMIT].rpartition("&")[0]
    return redact.query_string(given)


def _set_missing(unit: Unit, found: dict[str, Any]) -> None:
    # What the application bound under the same name stands.
    missing = {name: value for name, value in found.items() if name not in unit.attributes}
    if missing:
        unit.bind(missing)


def _allowed(meta: dict[str, Any]) -> dict[str, Any]:
    """The headers that settings name, under OpenTelemetry's names."""
    return {
        attribute: values.text(_decoded(str(meta[key])), 500)
        for key, attribute in _headers(tuple(settings.CAPTURE_HEADERS))
        if meta.get(key)
    }


@functools.lru_cache(maxsize=16)
def _headers(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """(key in META, attribute) of each; what the check refuses is not recorded either."""
    found = []
    for name in names:
        if not redact.is_sensitive_header(name):
            key = name.upper().replace("-", "_")
            plain = key in ("CONTENT_TYPE", "CONTENT_LENGTH")
            found.append((key if plain else f"HTTP_{key}", f"http.request.header.{name.lower()}"))
    return found


# Clients have few names, and send them again and again.
@functools.lru_cache(maxsize=1_024)
def _user_agent(given: str) -> str:
    return values.text(_decoded(given), 200)


def _decoded(header: str) -> str:
    # Servers hand headers over as Latin-1; what was sent is UTF-8 these days.
    if header.isascii():
        return header
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def _load_baggage(header: str) -> dict[str, str]:
    """`load.run_id` and `load.level` of a W3C Baggage header: which load test sent this."""
    if "load." not in header:
        return {}
    pairs = (
        entry.partition(";")[0].partition("=") for entry in _decoded(header)[:1_000].split(",")
    )
    return {
        key.strip(): _baggage_value(value.strip())
        for key, _, value in pairs
        if key.strip() in ("load.run_id", "load.level")
    }


def _baggage_value(given: str) -> str:
    shown = redact.text(given)
    return values.text(unquote(given) if shown == given else shown, 64)


@functools.lru_cache(maxsize=1_024)
def client_network(address: str) -> str:
    """The /24 (IPv4) or /48 (IPv6) of an address: enough for a pattern, not for a person."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False).network_address)
