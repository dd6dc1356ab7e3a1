"""docs/metrics-builtin.md has the metrics that ingest makes, with their types, labels and units."""

import re
from pathlib import Path

import pytest

from telemetry.capture import declarations
from telemetry.capture.metrics import Metric
from telemetry.ingest import builtin
from transactions import metrics

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "metrics-builtin.md").read_text()
TYPES = {"c": "counter", "g": "gauge", "h": "histogram"}
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|([^|]*)\| .+ \|$", re.MULTILINE)


def table(heading: str) -> dict[str, tuple[str, str, str]]:
    """Name → type, labels, unit of the table below a heading."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = ROW.findall(section)
    return {name: (kind, labels.strip(), unit.strip()) for name, kind, labels, unit in rows}


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("From each request, task and command", builtin.FROM_RECORDS),
        ("Looked at by ingest", builtin.SAMPLED),
    ],
)
def test_each_is_documented_as_it_is(heading: str, known: dict[str, builtin.Declared]) -> None:
    found = {name: (kind, unit) for name, (kind, _, unit) in table(heading).items()}
    assert found == {name: (TYPES[one.type], one.unit) for name, one in known.items()}


def test_those_of_the_project_are_documented_with_their_labels() -> None:
    own = [value for value in vars(metrics).values() if isinstance(value, Metric)]
    expected = {
        one.name: (TYPES[one.type], ", ".join(f"`{label}`" for label in sorted(one.labels)))
        for one in own
    }
    found = {name: row[:2] for name, row in table("Of this project").items()}
    assert found == expected
    assert len(own) == 4


@pytest.mark.parametrize(("name", "one"), builtin.METRICS.items())
def test_names_say_type_and_unit_by_prometheus_rules(name: str, one: builtin.Declared) -> None:
    declarations.check_name(one.type, name)
    declarations.check_unit(one.type, name, one.unit)
    declarations.check_help(one.help)
    last = name.removesuffix("_total").rpartition("_")[2]
    assert one.unit == (last if last in ("seconds", "bytes", "ratio") else "")
    assert one.help.endswith(".")
    others = [(other.type, known) for known, other in builtin.METRICS.items()]
    assert declarations.collision(one.type, name, others) is None
