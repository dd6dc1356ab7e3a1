"""How long each read of the store takes, by how many requests it has seen.

    python -m bench.queries --requests 100000
    python -m bench.queries --compare 100000 10000000 [--json FILE] [--keep FOLDER]

Fills a temporary store with a year of so many requests (`bench/year.py`) and times each read, as a
page asks for it at the year's end. `--compare` does so with two, each read in turns on both, and
prints the medians and their ratio; exit 1 where a range read, which walks roll-ups, takes more than
twice as long in the larger store. `--keep FOLDER` leaves the stores there, and measures them again
where they are there already.
"""

import argparse
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

RUNS = 15
LIMIT = 2.0
# Ratios of less than this are the clock's: a shorter time counts as so long. Milliseconds.
FLOOR_MS = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--requests", type=int, help="of the year in the store")
    what.add_argument("--compare", type=int, nargs=2, metavar=("SMALL", "LARGE"))
    what.add_argument("--answer", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="where to write every figure")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the stores stay")
    given = parser.parse_args()
    scratch = tempfile.TemporaryDirectory(prefix="bench-queries-")
    with nullcontext(str(given.keep)) if given.keep else scratch as folder:
        if given.answer:
            answer(Path(folder), given.answer)
            return 0
        sizes = given.compare or [given.requests]
        found = measure(Path(folder), sizes)
    if given.json:
        given.json.write_text(json.dumps(found))
    return tell(found, sizes)


def measure(folder: Path, sizes: list[int]) -> dict[str, dict[str, Any]]:
    """Of each read its runs in milliseconds, by the store's size; and whether it walks roll-ups."""
    with ExitStack() as stack:
        stores = [stack.enter_context(Asked(folder, size)) for size in sizes]
        found = {}
        for name, is_range in stores[0].reads.items():
            runs: dict[int, list[float]] = {size: [] for size in sizes}
            # One more, to warm up.
            for _ in range(RUNS + 1):
                for size, store in zip(sizes, stores, strict=True):
                    runs[size].append(store.time(name))
            found[name] = {"is_range": is_range} | {size: runs[size][1:] for size in sizes}
    return found


def tell(found: dict[str, dict[str, Any]], sizes: list[int]) -> int:
    """Print the medians, and of two stores the ratio; 1 where a range read grows too much."""
    print(f"{'milliseconds':<36}" + "".join(f"{size:>13,}" for size in sizes))
    grown = 0
    for name, read in found.items():
        medians = [statistics.median(read[size]) for size in sizes]
        line = f"{name:<36}" + "".join(f"{ms:13.2f}" for ms in medians)
        if len(sizes) > 1:
            small, large = (max(ms, FLOOR_MS) for ms in medians)
            is_over = read["is_range"] and large > LIMIT * small
            grown += is_over
            line += f"{large / small:7.2f}{'  OVER' if is_over else ''}"
        print(line + ("" if read["is_range"] else "  (by key)"))
    if len(sizes) > 1:
        judged = sum(read["is_range"] for read in found.values())
        print(f"{grown} of {judged} range reads take more than {LIMIT} times as long.")
    return int(grown > 0)


class Asked:
    """A store of so many requests in a process of its own, which times what it is asked for."""

    def __init__(self, folder: Path, requests: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.queries", "--answer", str(requests),
             "--keep", str(folder / str(requests))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        self.reads: dict[str, bool] = self._told()

    def __enter__(self) -> "Asked":
        return self

    def __exit__(self, *error: object) -> None:
        with self._process:
            self._process.terminate()

    def time(self, name: str) -> float:
        """Milliseconds of one run."""
        assert self._process.stdin is not None
        self._process.stdin.write(name + "\n")
        return float(self._told())

    def _told(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the process that reads the store has ended")
        return json.loads(line)


def answer(folder: Path, requests: int) -> None:
    """The other end: the names of the reads, then a time for each name that comes."""
    known, end = _prepare(folder, requests)
    from bench.reads import all_reads
    from telemetry.queries.store import reading

    logging.disable()
    reads = {read.name: read for read in all_reads(known, datetime.fromtimestamp(end, UTC))}
    print(json.dumps({name: read.is_range for name, read in reads.items()}), flush=True)
    # A page asks for what is until now: the last interval still runs.
    with mock.patch("time.time", return_value=end):
        for line in sys.stdin:
            began = time.perf_counter()
            with reading():
                reads[line.rstrip()].run()
            print((time.perf_counter() - began) * 1_000, flush=True)


def _prepare(folder: Path, requests: int) -> tuple[Any, int]:
    """What to ask for, and the end of the year; the store is filled where it is not there yet."""
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

    from bench.year import Known, Year

    call_command("migrate", database="telemetry", verbosity=0)
    noted = folder / "known.json"
    if not noted.exists():
        year = Year(requests)
        noted.write_text(json.dumps({"known": asdict(year.fill()), "end": year.end}))
        _say_rows()
    kept = json.loads(noted.read_text())
    return Known(**kept["known"]), kept["end"]


def _say_rows() -> None:
    from django.db import connections

    from telemetry.conf import settings

    with connections[settings.DATABASE].cursor() as cursor:
        found = {}
        for table in ("request", "log", "occurrence", "series", "bucket"):
            cursor.execute(f"SELECT count(*) FROM telemetry_{table}")
            found[table] = int(cursor.fetchone()[0])
    print(json.dumps(found), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
