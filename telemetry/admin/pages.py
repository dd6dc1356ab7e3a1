"""Pages of no single model: a trace, a transaction's dossier, the state of delivery, any id."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from telemetry import audit, dossier
from telemetry.admin import shell
from telemetry.admin.waterfall import Row, draw
from telemetry.queries import status as delivery
from telemetry.queries import traces, transactions
from telemetry.queries.timeline import Timeline

# Entries that need a permission beside that for requests.
_PERMISSIONS = {"log": shell.VIEW_LOG, "error": shell.VIEW_ERROR}


@shell.page(shell.VIEW_REQUEST)
def trace(site: AdminSite, request: HttpRequest, trace_id: str) -> HttpResponse:
    """Everything of one trace in order of time."""
    found = traces.trace(trace_id)
    if found is None:
        return _not_found(site, request, trace_id)
    context = {
        "title": found.units[0].title if found.units else f"Trace {found.id}",
        "trace": found,
        "units": found.units,
        "more_units": found.more_units,
        **_timeline(request, found.timeline),
    }
    return shell.render(site, request, "trace", context, tab="Requests")


@shell.page(shell.VIEW_REQUEST)
def transaction(site: AdminSite, request: HttpRequest, transaction_id: str) -> HttpResponse:
    """Every unit that carried a transaction's id, and what the application knows of it."""
    found = transactions.dossier(transaction_id)
    sections = _sections(request, found.id)
    if not found.units and not sections:
        return _not_found(site, request, transaction_id)
    audit.transaction_viewed(request, found.id)
    context = {
        "title": f"Transaction {found.id}",
        "dossier": found,
        "units": found.units,
        "more_units": found.more_units,
        "sections": sections,
        **_timeline(request, found.timeline),
    }
    return shell.render(site, request, "transaction", context, tab="Requests")


@shell.page(shell.VIEW_REQUEST)
def status(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Where every record stands."""
    return shell.render(
        site, request, "status", {"title": "Status", "status": delivery.status()}, tab="Status"
    )


@shell.page(shell.VIEW_REQUEST)
def find(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The page of whatever id was pasted."""
    text = request.GET.get("id", "").strip()
    if not text:
        return shell.render(site, request, "find", {"title": "Find an id", "asked": ""})
    found = traces.find(text)
    if found is not None:
        name = "telemetry_trace" if found.kind == "trace" else "telemetry_transaction"
        return HttpResponseRedirect(shell.url(site, name, found.value))
    if "/" not in text and _sections(request, text):
        return HttpResponseRedirect(shell.url(site, "telemetry_transaction", text))
    return _not_found(site, request, text)


def _sections(request: HttpRequest, transaction_id: str) -> list[dossier.DossierSection]:
    """What the application knows of it and this person may see."""
    return [
        section
        for section in dossier.sections(transaction_id)
        if not section.permission or _holds(request, section.permission)
    ]


def _timeline(request: HttpRequest, timeline: Timeline) -> dict[str, Any]:
    rows: list[Row] = [
        row
        for row in draw(timeline)
        if row.entry.kind not in _PERMISSIONS or _holds(request, _PERMISSIONS[row.entry.kind])
    ]
    return {"rows": rows, "cut": timeline.cut, "length": timeline.length}


def _holds(request: HttpRequest, permission: str) -> bool:
    return request.user.has_perm(permission)


def _not_found(site: AdminSite, request: HttpRequest, asked: str) -> HttpResponse:
    context = {
        "title": "No such id",
        "asked": asked,
        "search": urlencode({"q": asked[:200]}),
    }
    return shell.render(site, request, "find", context, code=404)
