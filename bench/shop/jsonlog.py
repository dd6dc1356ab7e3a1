"""A JSON-file logger: a line for each record and one for each request."""

import logging
import time
from collections.abc import Callable
from typing import Any

log = logging.getLogger("request")


class JsonLogMiddleware:
    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        began = time.perf_counter()
        response = self.get_response(request)
        log.info(
            "request",
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "duration": time.perf_counter() - began,
            },
        )
        return response
