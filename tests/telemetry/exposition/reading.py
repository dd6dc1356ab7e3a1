"""What a page of metrics says, read by prometheus-client's own parsers."""

from datetime import timedelta

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as read_plain

from telemetry.exposition.text import render
from telemetry.queries import totals

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
FOREVER = timedelta(days=36_500)
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def page(accept: str = "", gauges_for: timedelta = FOREVER) -> str:
    """The page of the store as it is."""
    content, _ = render(totals.families(gauges_for), accept)
    return content.decode()


def samples(text: str, accept: str = "") -> Samples:
    """(name, sorted labels) → value of every line."""
    read = read_openmetrics if accept else read_plain
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in read(text)
        for sample in family.samples
    }


def value(name: str, accept: str = "", **labels: str) -> float:
    """One line's value; KeyError without it."""
    return samples(page(accept), accept)[name, tuple(sorted(labels.items()))]
