"""The store: captured rows, rollups and the state of delivery, in a database of their own."""

from telemetry.models.base import Name
from telemetry.models.delivery import LogFile, Process, Quarantine, Segment, Total
from telemetry.models.errors import Error, Occurrence
from telemetry.models.loadruns import LoadRun
from telemetry.models.logs import Log
from telemetry.models.metrics import (
    Bucket,
    HistogramTotal,
    Metric,
    Sample,
    Series,
    SeriesTotal,
    Slice,
    SliceMember,
)
from telemetry.models.requests import Request

__all__ = [
    "Bucket",
    "Error",
    "HistogramTotal",
    "LoadRun",
    "Log",
    "LogFile",
    "Metric",
    "Name",
    "Occurrence",
    "Process",
    "Quarantine",
    "Request",
    "Sample",
    "Segment",
    "Series",
    "SeriesTotal",
    "Slice",
    "SliceMember",
    "Total",
]
