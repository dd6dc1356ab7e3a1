"""Entry points for django-q2; results are plain strings, shown in the admin."""

import logging
from contextlib import suppress
from datetime import timedelta

from telemetry import ingest, retention
from telemetry.dashboards.draw import draw
from telemetry.ingest.connection import StoreUnavailable

_log = logging.getLogger(__name__)
_SINCE = timedelta(hours=1)


def render_dashboards() -> str:
    """Draws the last hour. Raises CannotDraw, StoreUnavailableError."""
    # What is wrong with the store then, reading says next.
    with suppress(StoreUnavailable):
        ingest.drain_if_free()
    drawn = draw(_SINCE)
    return f"{len(drawn)} pictures drawn" if drawn else "nothing to draw yet"


class RedactionFailed(Exception):
    """Something sensitive is kept; the message names the first places."""


def redaction_selftest() -> str:
    """Proves that nothing sensitive is kept. Raises RedactionFailed, CouldNotRun; logs an ERROR."""
    # Only here: the other tasks need none of it.
    from telemetry.selftest import verdict

    try:
        found = verdict.run()
    except verdict.CouldNotRun as error:
        _log.error("The redaction self-test could not run: %s", error)
        raise
    if found.findings:
        where = "; ".join(verdict.places(found, most=3))
        _log.error("Redaction fails in %d places: %s", len(found.findings), where)
        raise RedactionFailed(f"{len(found.findings)} found: {where}")
    return f"{found.pushed} canaries, none found"


def prune() -> str:
    """Removes records that are past their age. Raises PruneFailed."""
    return retention.prune_now()
