"""A small site whose requests do one thing each."""

import logging
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path

import telemetry

log = logging.getLogger("tests.site")


def hello(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("hello")


def talk(request: HttpRequest) -> HttpResponse:
    log.debug("a detail")
    telemetry.bind(**{"transaction.id": "tx-1", "gone": 1})
    log.info("paid %s", "ann", extra={"amount": 12, "payer": {"name": "ann"}})
    telemetry.bind(gone=None)
    log.warning("plain")
    if "status" in request.GET:
        return HttpResponse(status=int(request.GET["status"]))
    return HttpResponse()


def ask(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1, 'secret literal' WHERE %s = 4711", ["secret parameter"])
        cursor.execute("SELECT 2")
    return HttpResponse(status=int(request.GET.get("status", 200)))


def deep() -> None:
    raise LookupError("no such account 4111111111111111")


def crash(request: HttpRequest) -> HttpResponse:
    try:
        deep()
    except LookupError:
        if "log" in request.GET:
            log.exception("it broke")
        if "swallow" in request.GET:
            return HttpResponse("swallowed")
        raise
    return HttpResponse()


def refuse(request: HttpRequest) -> HttpResponse:
    kinds = {"403": PermissionDenied, "404": Http404, "400": BadRequest, "sus": SuspiciousOperation}
    raise kinds[request.GET["as"]]("no")


urlpatterns = [
    path("hello/", hello),
    path("accounts/<int:number>/", include([path("entries/<slug:entry>/", hello)])),
    path("talk/", talk),
    path("ask/", ask),
    path("crash/", crash),
    path("refuse/", refuse),
    path("healthz", hello),
    path("admin/telemetry/x/", crash),
]
