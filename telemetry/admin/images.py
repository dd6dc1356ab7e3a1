"""Images: the newest pictures, older sets by their time, and drawing on demand."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)

from telemetry.admin import forms, shell
from telemetry.dashboards import files
from telemetry.dashboards.draw import CannotDraw, draw
from telemetry.queries import schedules
from telemetry.queries.values import PARSERS

_LISTED = 50
_TITLES = {
    "overview": "Overview",
    "counters": "Counters",
    "gauges": "Gauges",
    "histograms": "Histograms",
}


@shell.page(shell.VIEW_REQUEST)
def images(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The set asked for by `?set=`, else the newest, and links to the others."""
    listed = files.sets(_LISTED)
    stamp = request.GET.get("set", "")
    chosen = next((one for one in listed if one.stamp == stamp), None)
    if stamp and chosen is None:
        raise Http404("There is no such set of pictures; it may have been removed by its age.")
    if chosen is None and listed:
        chosen = listed[0]
    context: dict[str, Any] = {
        "title": "Images",
        "sets": listed,
        "shown": None if chosen is None else files.with_range(chosen),
        "pictures": _pictures(site, chosen),
        "spans": forms.RANGES,
        "schedules": schedules.state(),
    }
    context["range_query"] = _range_query(context["shown"])
    return shell.render(site, request, "images", context, tab="Images")


@shell.page(shell.VIEW_REQUEST)
def picture(site: AdminSite, request: HttpRequest, name: str) -> Any:
    """One file, by the name of a picture and no other."""
    path = files.path_of(name)
    if path is None:
        raise Http404("There is no such picture.")
    response = FileResponse(path.open("rb"), content_type="image/png")
    # A name is never used for another picture, and it may be seen by this person alone.
    response["Cache-Control"] = "private, max-age=86400, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@shell.page(shell.VIEW_REQUEST)
def draw_now(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Draws in this process, cluster or not, and shows the result."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        since: timedelta = PARSERS["since"](request.POST.get("since") or "1h")
        if drawn := draw(since):
            messages.success(request, f"{len(drawn)} pictures drawn.")
        else:
            messages.warning(request, "The store is empty: there is nothing to draw yet.")
    except ValueError as error:
        messages.error(request, f"since: {error}")
    except CannotDraw as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(shell.url(site, "telemetry_images"))


def _pictures(site: AdminSite, chosen: files.PictureSet | None) -> list[dict[str, str]]:
    if chosen is None:
        return []
    return [
        {"title": _TITLES[kind], "url": shell.url(site, "telemetry_picture", name)}
        for kind, name in chosen.names.items()
    ]


def _range_query(shown: files.PictureSet | None) -> str:
    if shown is None or shown.start is None or shown.end is None:
        return ""
    return urlencode({"from": f"{shown.start:%FT%TZ}", "to": f"{shown.end:%FT%TZ}"})
