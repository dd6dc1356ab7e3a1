"""Objectives: Apdex, attained shares and error budgets of each route over a time range."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse

from telemetry.admin import forms, shell
from telemetry.queries import objectives as queries
from telemetry.queries.filters import TIME_FIELDS, Parsed, parse

DEFAULT_SINCE = "24h"
_MOST_ROUTES = 200


@shell.page(shell.VIEW_REQUEST)
def objectives(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Routes, those that miss their objectives most first."""
    params = request.GET.dict()
    now = datetime.now(UTC)
    parsed = parse(params, TIME_FIELDS, default_since=DEFAULT_SINCE, now=now)
    context: dict[str, Any] = {
        "title": "Objectives",
        **forms.context(parsed, params, TIME_FIELDS, any_time=False),
        **({} if parsed.errors else _state(parsed, now)),
    }
    code = 400 if parsed.errors else 200
    return shell.render(site, request, "objectives", context, code=code, tab="Objectives")


def _state(parsed: Parsed, now: datetime) -> dict[str, Any]:
    end = parsed.filters.end or now
    start = parsed.filters.start or end - timedelta(days=1)
    found = queries.objectives(start, end)
    return {"whole": found.whole, "routes": found.routes[:_MOST_ROUTES]}
