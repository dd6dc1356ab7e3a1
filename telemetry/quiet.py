"""Whether this thread is at work for telemetry itself.

What ingest logs must not come back to it as records: each batch would make the next one.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Here(threading.local):
    is_ingesting = False


here = _Here()
# How many blocks are at work in this process: asked first, because a thread's own value is slow to
# read.
at_work = 0
_counting = threading.Lock()


@contextmanager
def ingesting() -> Iterator[None]:
    """For the length of a block this thread ingests."""
    before = here.is_ingesting
    here.is_ingesting = True
    _count(1)
    try:
        yield
    finally:
        here.is_ingesting = before
        _count(-1)


def _count(by: int) -> None:
    global at_work
    with _counting:
        at_work += by


def _after_fork() -> None:
    # Other threads are not there any more, nor what they counted; a lock may be theirs.
    global at_work, _counting
    at_work, _counting = int(here.is_ingesting), threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
