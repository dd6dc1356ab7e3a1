"""The home page: the state of things in one screen, drawn from rollups."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse

from telemetry.admin import charts, forms, shell
from telemetry.queries import overview as queries
from telemetry.queries import requests
from telemetry.queries.filters import TIME_FIELDS, Parsed, parse

DEFAULT_SINCE = "1h"


@shell.page(shell.VIEW_REQUEST)
def overview(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Admin's index of this app, with what happened in a time range above its list of models."""
    params = request.GET.dict()
    now = datetime.now(UTC)
    parsed = parse(params, TIME_FIELDS, default_since=DEFAULT_SINCE, now=now)
    context: dict[str, Any] = {
        **shell.frame(site, request, "Overview"),
        **forms.context(parsed, params, TIME_FIELDS, any_time=False),
        "title": "Telemetry",
    }
    if not parsed.errors:
        context |= _state(parsed, now)
    response = site.app_index(request, "telemetry", extra_context=context)
    response.status_code = 400 if parsed.errors else 200
    return response.render()


def _state(parsed: Parsed, now: datetime) -> dict[str, Any]:
    end = parsed.filters.end or now
    start = parsed.filters.start or end - timedelta(hours=1)
    state = queries.overview(start, end)
    return {
        "state": state,
        "chart": charts.bars(state),
        "may_be_empty": not state.requests,
        "store_is_empty": not state.requests and not requests.any_stored(),
    }
