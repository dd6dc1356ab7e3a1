"""How the store's SQLite connections are set up, whatever the host project's OPTIONS say."""

from typing import Any

from telemetry.conf import settings
from telemetry.ingest import packed
from telemetry.queries.quantiles import quantile

# auto_vacuum comes before the first write and before WAL, or it does nothing. FULL: the segment is
# removed after the commit, so the commit must survive power loss; a few a second cost little.
_AUTO_VACUUM = "PRAGMA auto_vacuum=INCREMENTAL"
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=20000",
    "PRAGMA journal_size_limit=67108864",
    # KiB: the pages that a batch adds to, the newest ones of each series among them, stay at hand.
    "PRAGMA cache_size=-8192",
)


def on_connection_created(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Receiver of `connection_created` for the store's alias."""
    if connection.alias != settings.DATABASE or connection.vendor != "sqlite":
        return
    connection.transaction_mode = "IMMEDIATE"
    with connection.cursor() as cursor:
        # Only then: elsewhere it does nothing but wait for the write lock, on each new connection.
        if cursor.execute("PRAGMA page_count").fetchone()[0] == 0:
            cursor.execute(_AUTO_VACUUM)
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
    define = connection.connection.create_function
    # What ingest's statements call, see `ingest.rollup`.
    define("histogram_merged", -1, packed.merged, deterministic=True)
    # For statements of one's own, see docs/metrics.md.
    define("histogram_quantile", 2, _quantile, deterministic=True)


def _quantile(histogram: bytes | None, q: float | None) -> float | None:
    """NULL where there are no observations, or no share from 0 to 1."""
    if histogram is None or q is None or not 0 <= q <= 1:
        return None
    return quantile(packed.unpack(histogram), q)
