"""A site of one view, answered by Django's own WSGI handler behind telemetry's middleware."""

import io
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from telemetry.conf import settings

Action = Callable[[HttpRequest], None]


class Site:
    """Makes requests; `boards` collects what the board says while each of them runs."""

    def __init__(self) -> None:
        self._handler = WSGIHandler()
        self.boards: set[bytes] = set()

    def visit(
        self,
        target: str = "/act/",
        action: Action | None = None,
        headers: Mapping[str, str] | None = None,
        query: str = "",
        body: bytes = b"",
    ) -> None:
        """One request to its end. `target` is the path, not encoded."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "PATH_INFO": target.encode().decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "192.0.2.7",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/json",
            "telemetry.selftest": (self, action),
        }
        for name, value in (headers or {}).items():
            # As servers hand it over: one line, its bytes read as Latin-1.
            line = value.replace("\n", " ").encode().decode("latin-1")
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = line
        response = self._handler(environ, _start)
        for _ in response:
            pass
        response.close()

    def look_at_boards(self) -> None:
        """Remember what the boards hold at this moment."""
        for board in settings.journal_dir.glob("*.board"):
            self.boards.update(part for part in board.read_bytes().split(b"\0") if len(part) > 7)


def _start(status: str, headers: list[tuple[str, str]], *args: Any) -> Callable[[bytes], object]:
    return lambda data: None


def act(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Do what the request was made for."""
    site, action = request.META["telemetry.selftest"]
    site.look_at_boards()
    if action is not None:
        action(request)
    return HttpResponse("done")


def _patterns() -> list[URLPattern | URLResolver]:
    found: list[URLPattern | URLResolver] = [
        path("act/", act),
        path("open/<path:rest>", act),
        path("", include("telemetry.urls")),
    ]
    from django.apps import apps

    if apps.is_installed("django.contrib.admin"):
        from django.contrib import admin

        found.append(path("admin/", admin.site.urls))
    return found


urlpatterns = _patterns()


def quoted(text: str) -> str:
    """`text` as a client writes it in a query string."""
    return quote(text, safe="")
