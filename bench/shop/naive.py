"""The middleware that people write first: three rows a request, in the request."""

import time
from collections.abc import Callable
from typing import Any

from bench.shop.models import NaiveRow


class NaiveMiddleware:
    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        began = time.perf_counter()
        response = self.get_response(request)
        spent = time.perf_counter() - began
        NaiveRow.objects.create(kind="request", text=f"{request.method} {request.path}")
        NaiveRow.objects.create(kind="log", text=f"answered {response.status_code}")
        NaiveRow.objects.create(kind="duration", text=request.path, value=spent)
        return response
