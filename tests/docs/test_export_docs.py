"""What is said of `/metrics` and of the API is what there is."""

import re
from pathlib import Path

from drf_spectacular.generators import SchemaGenerator

from telemetry.api.ranges import MetricView
from telemetry.conf import DEFAULTS
from telemetry.exposition import bounds
from telemetry.queries.filters import ERROR_FIELDS, LOG_FIELDS, REQUEST_FIELDS

DOCS = Path(__file__).resolve().parents[2] / "docs"
API = (DOCS / "api.md").read_text(encoding="utf-8")
EXPORT = (DOCS / "metrics-export.md").read_text(encoding="utf-8")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def operations() -> dict[str, dict[str, object]]:
    """Address → its operation in the OpenAPI document."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return {path: item["get"] for path, item in paths.items() if path.startswith("/api/telemetry/")}


def test_every_address_is_listed_with_its_permission() -> None:
    listed = re.findall(r"^\| `(/api/telemetry/\S*)` \|.*\| `(view_\w+)`", API, re.MULTILINE)
    assert {path for path, _ in listed} == set(operations())
    assert ("/api/telemetry/metrics/{name}/", MetricView.permission.split(".")[1]) in listed


def test_every_parameter_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", API))
    asked = {
        parameter["name"]
        for operation in operations().values()
        for parameter in operation.get("parameters", ())  # type: ignore[attr-defined]
        if parameter["in"] == "query"
    }
    assert asked - named - {"cursor"} == set()
    assert {*REQUEST_FIELDS, *LOG_FIELDS, *ERROR_FIELDS} <= named


def test_bounds_are_those_that_are_shown() -> None:
    rows = re.findall(r"^\| (\w+) \| 2(\S+), 2(\S+) … 2(\S+) \|", EXPORT, re.MULTILINE)
    told = {
        unit: [int(power.translate(_SUPERSCRIPTS)) for power in powers] for unit, *powers in rows
    }
    shown = {"seconds": bounds.SECONDS, "bytes": bounds.BYTES, "other": bounds.OTHER}
    assert told == {unit: [each[0], each[1], each[-1]] for unit, each in shown.items()}


def test_the_time_of_gauges_is_the_default() -> None:
    assert f"`METRICS_GAUGE_SECONDS` ({DEFAULTS['METRICS_GAUGE_SECONDS']})" in EXPORT
