"""The requests of the smallest site: each logs records of the oracle, some take their time."""

import os
import time

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.telemetry.faults import payload


def work(request: HttpRequest, stream: str, number: int) -> HttpResponse:
    """One record of the stream; the answer says which process made it."""
    payload.emit(stream, number)
    return HttpResponse(str(os.getpid()))


def slow(request: HttpRequest, seconds: float) -> HttpResponse:
    """Answers after so many seconds."""
    time.sleep(seconds)
    return HttpResponse("slow")


def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path("emit/<slug:stream>/<int:number>/", work),
    path("slow/<str:seconds>/", lambda request, seconds: slow(request, float(seconds))),
    path("healthz", health),
]
