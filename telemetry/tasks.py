"""Entry points for django-q2; results are plain strings, shown in the admin."""

from contextlib import suppress
from datetime import timedelta

from telemetry import ingest, retention
from telemetry.dashboards.draw import draw
from telemetry.ingest.connection import StoreUnavailable

_SINCE = timedelta(hours=1)


def render_dashboards() -> str:
    """Draws the last hour. Raises CannotDraw, StoreUnavailableError."""
    # What is wrong with the store then, reading says next.
    with suppress(StoreUnavailable):
        ingest.drain_if_free()
    drawn = draw(_SINCE)
    return f"{len(drawn)} pictures drawn" if drawn else "nothing to draw yet"


def prune() -> str:
    """Removes records that are past their age. Raises PruneFailed."""
    return retention.prune_now()
