"""The middleware: first in MIDDLEWARE, so that it sees what every other one does."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.apps import apps
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from telemetry import autostart
from telemetry.capture import capacity, context, faults, requests
from telemetry.capture.context import Unit
from telemetry.conf import settings

_current = context.current.get

# `check` imports the middleware by way of admin's checks, when it is too late to register one.
if apps.ready and not apps.is_installed("telemetry"):
    sys.stderr.write('telemetry: nothing is captured. Add to INSTALLED_APPS: "telemetry"\n')


class TelemetryMiddleware:
    """Observes each request; a thin shell, sync and async, round `telemetry.capture.requests`."""

    sync_capable = True
    async_capable = True
    # Beside a dictionary, which Django takes out and asyncio marks, and which is slow to read then.
    __slots__ = ("__dict__", "__weakref__", "enabled", "get_response", "is_async")

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.enabled = settings.INGEST != "off" and apps.is_installed("telemetry")
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._answer_async(request)
        outer = _current()
        unit = self._begin(request)
        answer = self.get_response
        try:
            response: HttpResponseBase = answer(request)
        except BaseException as error:
            self._abort(unit, request, error)
            raise
        else:
            # As `_end`, without the call.
            try:
                if unit is not None:
                    requests.end(unit, request, response)
            except Exception:
                faults.report("ending a request")
            return response
        finally:
            # A command or a task may make requests of its own; a unit that has ended was left
            # behind.
            context.current.set(None if outer is None or outer.ended else outer)

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        outer = _current()
        unit = self._begin(request)
        try:
            response: HttpResponseBase = await self.get_response(request)
        except BaseException as error:
            self._abort(unit, request, error)
            raise
        else:
            if unit is not None:
                _end(unit, request, response)
            return response
        finally:
            context.current.set(None if outer is None or outer.ended else outer)

    def _begin(self, request: HttpRequest) -> Unit | None:
        if not self.enabled:
            return None
        try:
            if not autostart.is_started:
                autostart.at_first_request()
                capacity.tell(request)
            return requests.begin(request)
        except Exception:
            faults.report("beginning a request")
            return None

    def _abort(self, unit: Unit | None, request: HttpRequest, error: BaseException) -> None:
        # Not an exception of the application's: Django has made a response of those.
        if unit is None:
            return
        try:
            requests.abort(unit, request, error)
        except Exception:
            faults.report("ending an unanswered request")


def _end(unit: Unit, request: HttpRequest, response: HttpResponseBase) -> None:
    try:
        requests.end(unit, request, response)
    except Exception:
        faults.report("ending a request")
