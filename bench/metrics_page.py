"""How long `/metrics` takes with many series.

    python -m bench.metrics_page [--series 2000]

Fills a temporary store through ingest's own writer and asks for the page as a scraper does, with
its token, each format 30 times. Prints the milliseconds of the server and the size of the page, for
counters alone, for as many histograms as counters, and for histograms alone.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from typing import Any

from bench.figures import percentile

LIMIT_MS = 50
ROUNDS = 30
TOKEN = "bench-bench-bench"
FORMATS = {"text": "text/plain", "OpenMetrics": "application/openmetrics-text;version=1.0.0"}
# Share of the series that are histograms.
MIXES = {"counters": 0.0, "half histograms": 0.5, "histograms": 1.0}
# Observations of each histogram: as many powers of two as durations of one route have.
OBSERVATIONS = 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=2_000, help="series in the store")
    count = parser.parse_args().series
    with tempfile.TemporaryDirectory(prefix="bench-metrics-") as folder:
        os.environ.update(FINTECH_DATA_DIR=folder, METRICS_TOKEN=TOKEN, FINTECH_ALLOWED_HOSTS="*")
        os.environ.update(DJANGO_SETTINGS_MODULE="fintech.settings", TELEMETRY_INGEST="off")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("migrate", database="telemetry", verbosity=0)
        rows = [row for mix, share in MIXES.items() for row in measure(mix, count, share)]
    print(json.dumps(rows))
    return int(any(row["median_ms"] > LIMIT_MS for row in rows))


def measure(mix: str, count: int, histograms: float) -> list[dict[str, Any]]:
    """The page in each format, with so many series."""
    from django.test import Client

    fill(count, histograms)
    client = Client(headers={"Authorization": f"Bearer {TOKEN}"})
    found = []
    for name, accept in FORMATS.items():
        spent, cpu = [], []
        for _ in range(ROUNDS):
            began, worked = time.perf_counter(), time.process_time()
            page = client.get("/metrics", headers={"Accept": accept})
            spent.append((time.perf_counter() - began) * 1_000)
            cpu.append((time.process_time() - worked) * 1_000)
            assert page.status_code == 200
        lines = sum(not line.startswith(b"#") for line in page.content.splitlines())
        row = {
            "mix": mix, "series": count, "format": name, "lines": lines,
            "kilobytes": len(page.content) // 1_000,
            "median_ms": round(percentile(spent, 0.5), 1), "worst_ms": round(max(spent), 1),
            "cpu_ms": round(percentile(cpu, 0.5), 1),
        }  # fmt: skip
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        found.append(row)
    return found


def fill(count: int, histograms: float) -> None:
    """Series of the built-in metrics: one a route and status."""
    from telemetry.ingest.connection import Store
    from telemetry.ingest.names import Names
    from telemetry.ingest.rollup import Rollup

    chance = random.Random(1)
    store, names, rollup = Store(), Names(), Rollup()
    with store.transaction() as db:
        for table in ("seriestotal", "histogramtotal", "slicemember", "slice", "series", "metric"):
            db.execute(f"DELETE FROM telemetry_{table}")
        now = time.time_ns() // 1_000
        timed = int(count * histograms)
        for number in range(count):
            labels = {"method": "GET", "route": f"api/r{number // 4}/<uuid:pk>/", "status": "200"}
            labels["status"] = str(200 + number % 4)
            if number < timed:
                series = names.series(db, "h", "http_server_request_duration_seconds", labels)
                for _ in range(OBSERVATIONS):
                    rollup.add("h", series, now, chance.lognormvariate(-3, 1))
            else:
                series = names.series(db, "c", "http_server_requests_total", labels)
                rollup.add("c", series, now, chance.randrange(1_000_000))
        rollup.write(db)
    store.close()


if __name__ == "__main__":
    sys.exit(main())
