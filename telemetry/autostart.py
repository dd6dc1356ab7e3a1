"""Ingest without a process of its own: a thread in the first web process that serves a request."""


def at_first_request() -> None:
    """Start the ingest thread, once a process, where `INGEST` is `auto`."""
