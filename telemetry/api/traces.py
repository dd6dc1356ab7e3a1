"""One trace, or one transaction, by whatever id somebody has of it."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from telemetry import audit
from telemetry.api import parameters
from telemetry.api.base import TelemetryView
from telemetry.api.problems import Missing
from telemetry.api.records import TraceSerializer
from telemetry.api.schema import described
from telemetry.queries import traces, transactions
from telemetry.queries.store import reading
from telemetry.queries.timeline import Entry

# Entries that need a permission beside that for requests, as on the page.
_PERMISSIONS = {"log": "telemetry.view_log", "error": "telemetry.view_error"}


class TraceView(TelemetryView):
    """A trace and everything that belongs to it."""

    permission = "telemetry.view_request"

    @described("trace", TraceSerializer, of_path="id")
    @reading()
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """Retrieve a trace by trace id, traceparent, request id or transaction id.

        Log records and errors are among its entries for those who may see them. A look at a
        transaction is audited.
        """
        parameters.read(request.query_params, ())
        place = traces.find(id)
        if place is None:
            raise Missing("id", "There is no trace, request or transaction with this id.")
        if place.kind == "transaction":
            audit.transaction_viewed(request._request, place.value)
            found: Any = transactions.dossier(place.value)
        else:
            found = traces.trace(place.value)
        if found is None:
            raise Missing("id", "There is no trace, request or transaction with this id.")
        shown = {
            "found": place.kind,
            "id": found.id,
            "requests": found.units,
            "more_requests": found.more_units,
            "entries": [entry for entry in found.timeline.entries if self._may_see(entry)],
            "cut": list(found.timeline.cut),
        }
        return Response(TraceSerializer(shown).data)

    def _may_see(self, entry: Entry) -> bool:
        permission = _PERMISSIONS.get(entry.kind)
        return permission is None or self.holds(permission)
