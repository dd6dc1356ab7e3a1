"""Metrics that have all the series they may have, and what came with other labels since."""

import json

from django.db import connections

from telemetry.conf import settings
from telemetry.ingest.names import OVERFLOW

LABEL = next(iter(OVERFLOW))
# CROSS JOIN: from the metrics, of which there are few, by the index of their series.
_OBSERVATIONS = """
SELECT m.name, (
    SELECT coalesce(sum(b.count), 0) FROM telemetry_bucket b
    WHERE b.resolution = 3600 AND b.series_id = s.id
)
FROM telemetry_metric m CROSS JOIN telemetry_series s ON s.metric_id = m.id AND s.labels = %s
ORDER BY m.name
"""


def observations() -> dict[str, int]:
    """The metrics with an overflow series, and its observations as far as hours are kept."""
    with connections[settings.DATABASE].cursor() as cursor:
        cursor.execute(_OBSERVATIONS, [json.dumps(OVERFLOW, separators=(",", ":"))])
        return dict(cursor.fetchall())
