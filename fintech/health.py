"""`GET /healthz`: this process answers requests. No database, no session, no host check."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

PATH = "/healthz"

Sync = Callable[[HttpRequest], HttpResponseBase]
Async = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def health(get_response: Sync | Async) -> Sync | Async:
    """Answers before the host check and the redirect to HTTPS, which a load balancer's probe fails.

    A middleware and not a view for that reason; it stands right after telemetry's.
    """
    if iscoroutinefunction(get_response):
        asynchronous: Async = get_response

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            return _healthy(request) or await asynchronous(request)

        return answer_async
    synchronous: Sync = get_response  # type: ignore[assignment]

    def answer(request: HttpRequest) -> HttpResponseBase:
        return _healthy(request) or synchronous(request)

    return answer


def _healthy(request: HttpRequest) -> HttpResponse | None:
    if request.path_info != PATH:
        return None
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    return HttpResponse(
        "ok\n",
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store", "Content-Length": "3"},
    )
