"""What the store has of a built-in metric, and processes that give it something to measure."""

import json
import subprocess
import sys
from pathlib import Path

from tests.site import ROOT
from tests.telemetry.ingest.helpers import rows

_OF = (
    "SELECT s.labels, sum(b.count), sum(b.total), (SELECT l.last FROM telemetry_bucket l"
    " WHERE l.series_id = s.id AND l.resolution = 10 ORDER BY l.start DESC LIMIT 1)"
    " FROM telemetry_bucket b JOIN telemetry_series s ON s.id = b.series_id"
    " JOIN telemetry_metric m ON m.id = s.metric_id"
    " WHERE m.name = ? AND b.resolution = 10 GROUP BY s.id ORDER BY s.labels"
)
# A worker whose request is being answered, and will be until it is killed.
WORKER = """
import os, sys, time, django
from django.conf import settings
settings.configure(TELEMETRY={"DATA_DIR": sys.argv[1]}, USE_TZ=True)
django.setup()
from telemetry.capture import context, sink, units
from telemetry.capture.context import Unit
from telemetry.journal import events
sink.current().emit(events.LogMade(None, 1, 20, "w", None, "hello", None, None, {}))
for path in ("/pay/", "/admin/telemetry/"):
    unit = Unit(context.HTTP)
    unit.method, unit.path = "GET", path
    units.begin(unit)
if int(sys.argv[2]):
    sink.current().board.can_answer(int(sys.argv[2]))
print(os.getpid(), flush=True)
time.sleep(600)
"""


def did(name: str) -> list[tuple[dict[str, str], int, float]]:
    """Labels, observations and sum of each series of a metric."""
    return [
        (json.loads(str(labels)), int(str(count)), float(str(total)))
        for labels, count, total, _ in rows(_OF, name)
    ]


def newest(name: str) -> dict[tuple[str, ...], float]:
    """The newest value of each series of a gauge, by its labels' values in order of their names."""
    return {
        tuple(json.loads(str(labels)).values()): float(str(last))
        for labels, _, _, last in rows(_OF, name)
    }


def answering(data_dir: Path, threads: int = 0) -> subprocess.Popen[str]:
    """A process that answers a request, as soon as this returns."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(data_dir), str(threads)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().strip() == str(process.pid)
    process.stdout.close()
    return process
