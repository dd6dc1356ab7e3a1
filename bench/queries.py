"""How long each read of the store takes, by how many requests it has seen.

    python -m bench.queries --requests 100000 --json small.json
    python -m bench.queries --requests 10000000 --json large.json
    python -m bench.queries --compare small.json large.json

Fills a temporary store with a year of so many requests (`bench/year.py`), then takes the median of
five runs of each read, after one to warm up. `--compare` prints the ratios of two results and exits
1 where a range read, which walks roll-ups, takes more than twice as long in the larger store.
`--keep FOLDER` leaves the store there, and measures it again where it is there already.
"""

import argparse
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RUNS = 5
LIMIT = 2.0
# Ratios of less than this are the clock's: a shorter time counts as so long. Milliseconds.
FLOOR_MS = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=100_000, help="of the year in the store")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the store stays")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("SMALL", "LARGE"))
    given = parser.parse_args()
    if given.compare:
        small, large = (json.loads(path.read_text()) for path in given.compare)
        return compare(small, large)
    scratch = tempfile.TemporaryDirectory(prefix="bench-queries-")
    with nullcontext(str(given.keep)) if given.keep else scratch as folder:
        found = run(Path(folder), given.requests)
    if given.json:
        given.json.write_text(json.dumps(found))
    return 0


def run(folder: Path, requests: int) -> dict[str, Any]:
    """Fill the store where it is not there yet, measure, print."""
    _prepare(folder)
    from bench.year import Known, Year

    noted = folder / "known.json"
    if noted.exists():
        kept = json.loads(noted.read_text())
        requests, end, known = kept["requests"], kept["end"], Known(**kept["known"])
    else:
        year = Year(requests)
        end, known = year.end, year.fill()
        noted.write_text(json.dumps({"requests": requests, "end": end, "known": asdict(known)}))
    took = measure(known, datetime.fromtimestamp(end, UTC))
    return {"requests": requests, "rows": _rows(), "milliseconds": took}


def measure(known: Any, end: datetime) -> dict[str, Any]:
    """The median of each read, in milliseconds, and whether it is a range read."""
    from bench.reads import all_reads
    from telemetry.queries.store import reading

    logging.disable()
    found: dict[str, Any] = {}
    for read in all_reads(known, end):
        runs = []
        for _ in range(RUNS + 1):
            began = time.perf_counter()
            with reading():
                read.run()
            runs.append((time.perf_counter() - began) * 1_000)
        found[read.name] = {"ms": statistics.median(runs[1:]), "is_range": read.is_range}
        print(f"{read.name:<44} {found[read.name]['ms']:10.2f} ms", flush=True)
    return found


def compare(small: dict[str, Any], large: dict[str, Any]) -> int:
    """Print both results and their ratio; 1 where a range read grows too much."""
    print(f"{'read':<44} {small['requests']:>12,} {large['requests']:>12,}  ratio")
    grown = []
    for name, before in small["milliseconds"].items():
        after = large["milliseconds"][name]
        ratio = max(after["ms"], FLOOR_MS) / max(before["ms"], FLOOR_MS)
        is_over = before["is_range"] and ratio > LIMIT
        grown += [name] if is_over else []
        mark = "  OVER" if is_over else "" if before["is_range"] else "  (by key)"
        print(f"{name:<44} {before['ms']:12.2f} {after['ms']:12.2f} {ratio:6.2f}{mark}")
    print(f"{len(grown)} range reads take more than {LIMIT} times as long.")
    return int(bool(grown))


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["FINTECH_DATA_DIR"] = str(folder)
    os.environ["TELEMETRY_INGEST"] = "off"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintech.settings")
    import django

    django.setup()
    from django.conf import settings as django_settings

    # Django notes down each statement otherwise.
    django_settings.DEBUG = False
    from django.core.management import call_command

    call_command("migrate", database="telemetry", verbosity=0)


def _rows() -> dict[str, int]:
    from django.db import connections

    from telemetry.conf import settings

    tables = ("request", "log", "occurrence", "series", "bucket")
    with connections[settings.DATABASE].cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM telemetry_{table}")
            found[table] = int(cursor.fetchone()[0])
    print(json.dumps(found))
    return found


if __name__ == "__main__":
    sys.exit(main())
