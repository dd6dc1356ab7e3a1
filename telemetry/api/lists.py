"""Lists and single rows: requests, logs, errors, load runs. All of them read through queries."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from telemetry.api import parameters
from telemetry.api.base import TelemetryView
from telemetry.api.fields import page_of, page_values
from telemetry.api.parameters import PAGING
from telemetry.api.problems import Missing
from telemetry.api.records import (
    ErrorDetailSerializer,
    ErrorGroupSerializer,
    LogSerializer,
    OccurrenceSerializer,
)
from telemetry.api.runs import RunDetailSerializer, RunSerializer
from telemetry.api.schema import described
from telemetry.api.units import RequestDetailSerializer, RequestSerializer
from telemetry.queries import errors, loaddetail, loadruns, logs, requests, units
from telemetry.queries.filters import ERROR_FIELDS, LOG_FIELDS, REQUEST_FIELDS, TIME_FIELDS
from telemetry.queries.store import reading


class RequestListView(TelemetryView):
    """Units of work."""

    permission = "telemetry.view_request"

    @described("requests", page_of(RequestSerializer), (*REQUEST_FIELDS, *PAGING))
    @reading()
    def get(self, request: Request) -> Response:
        """List requests, tasks and commands, newest first."""
        asked = parameters.page(request.query_params, REQUEST_FIELDS)
        found = requests.page(asked.filters, asked.cursor, asked.limit)
        return Response(page_values(request, found, RequestSerializer))


class RequestView(TelemetryView):
    """One unit of work."""

    permission = "telemetry.view_request"

    @described("request", RequestDetailSerializer, of_path="id")
    @reading()
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """Retrieve one request, task or command with everything that its row holds."""
        parameters.read(request.query_params, ())
        found = units.one(id)
        if found is None:
            raise Missing("id", "There is no request with this id.")
        return Response(RequestDetailSerializer(found).data)


class LogListView(TelemetryView):
    """Log records."""

    permission = "telemetry.view_log"

    @described("logs", page_of(LogSerializer), (*LOG_FIELDS, *PAGING))
    @reading()
    def get(self, request: Request) -> Response:
        """List log records, newest first."""
        asked = parameters.page(request.query_params, LOG_FIELDS)
        found = logs.page(asked.filters, asked.cursor, asked.limit)
        return Response(page_values(request, found, LogSerializer))


class ErrorListView(TelemetryView):
    """Error groups."""

    permission = "telemetry.view_error"

    @described("errors", page_of(ErrorGroupSerializer), (*ERROR_FIELDS, *PAGING))
    @reading()
    def get(self, request: Request) -> Response:
        """List faults, those that happened last first."""
        asked = parameters.page(request.query_params, ERROR_FIELDS)
        found = errors.page(asked.filters, asked.cursor, asked.limit)
        return Response(page_values(request, found, ErrorGroupSerializer))


class ErrorView(TelemetryView):
    """One error group."""

    permission = "telemetry.view_error"

    @described("error", ErrorDetailSerializer, (*TIME_FIELDS, *PAGING), of_path="id")
    @reading()
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """Retrieve one fault and the times that it happened, newest first."""
        asked = parameters.page(request.query_params, TIME_FIELDS, errors.OCCURRENCES)
        # Not the address's own affair: what is no number gets an answer like every other here.
        number = int(id) if id.isascii() and id.isdecimal() and len(id) < 19 else 0
        group = errors.group(number)
        if group is None:
            raise Missing("id", "There is no error group with this id.")
        found = errors.occurrences(number, asked.filters, asked.cursor, asked.limit)
        values = page_values(request, found, OccurrenceSerializer)
        return Response({"group": ErrorGroupSerializer(group).data, **values})


class RunListView(TelemetryView):
    """Load runs."""

    permission = "telemetry.view_loadrun"

    @described("load_runs", page_of(RunSerializer), (*TIME_FIELDS, *PAGING))
    @reading()
    def get(self, request: Request) -> Response:
        """List load runs, newest first."""
        asked = parameters.page(request.query_params, TIME_FIELDS)
        found = loadruns.page(asked.filters, asked.cursor, asked.limit)
        return Response(page_values(request, found, RunSerializer))


class RunView(TelemetryView):
    """One load run."""

    permission = "telemetry.view_loadrun"

    @described("load_run", RunDetailSerializer, of_path="id")
    @reading()
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """Retrieve one load run: both sides of each endpoint, its slowest requests, its faults."""
        parameters.read(request.query_params, ())
        run = loadruns.run(id)
        if run is None:
            raise Missing("id", "There is no load run with this id.")
        detail = loaddetail.detail(run)
        shown: dict[str, Any] = {
            "run": run,
            "client": run.client,
            "endpoints": detail.endpoints,
            "slowest": self.if_allowed("telemetry.view_request", detail.slowest),
            "faults": self.if_allowed("telemetry.view_error", detail.errors),
            "looked_at": detail.looked_at,
            "is_partial": detail.is_partial,
        }
        return Response(RunDetailSerializer(shown).data)
