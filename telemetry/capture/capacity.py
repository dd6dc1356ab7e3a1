"""How many requests this process can answer at one time: what the share of busy ones is taken of.

`WORKER_THREADS` says it. Else it is what the server lets be seen: one, where it tells WSGI that it
has no threads; the size of the thread pool that answers, as gunicorn's gthread worker has one.
Where neither is so (a thread for each request, ASGI) nothing is said rather than something made up.
"""

import threading
from typing import Any

from django.http import HttpRequest

from telemetry.capture import faults, sink
from telemetry.conf import settings


def tell(request: HttpRequest) -> None:
    """Put it on the board; called at a process's first request."""
    try:
        sink.current().board.can_answer(found(request))
    except Exception:
        faults.report("telling how many requests this process can answer")


def found(request: HttpRequest) -> int:
    """Requests at one time; 0 where it is not known."""
    given = settings.WORKER_THREADS
    if given is not None:
        return int(given)
    if request.META.get("wsgi.multithread") is False:
        return 1
    return _pool_size(threading.current_thread())


def _pool_size(thread: threading.Thread) -> int:
    """The size of the ThreadPoolExecutor that a thread belongs to.

    Its threads hold a reference to it as the first argument of what they run, by which it also ends
    them; that is no documented place, so what is found there has to look right.
    """
    arguments: Any = getattr(thread, "_args", None) or (None,)
    executor = arguments[0]() if callable(arguments[0]) else None
    size = getattr(executor, "_max_workers", 0)
    return size if isinstance(size, int) and 0 < size < 10_000 else 0
