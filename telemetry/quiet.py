"""Whether this thread is at work for telemetry itself.

What ingest logs must not come back to it as records: each batch would make the next one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Here(threading.local):
    is_ingesting = False


here = _Here()


@contextmanager
def ingesting() -> Iterator[None]:
    """For the length of a block this thread ingests."""
    before = here.is_ingesting
    here.is_ingesting = True
    try:
        yield
    finally:
        here.is_ingesting = before
