"""The page at the root: where everything is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def index(request: HttpRequest) -> HttpResponse:
    """Names the places of this site."""
    return render(request, "fintech/index.html")
