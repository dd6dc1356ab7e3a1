"""How fast ingest drains the journal, beside raw inserts of the same rows; bytes on disk a request.

    python -m bench.ingest [--rows 100000] [--slice 100000] [--log-files] [--json FILE]
    python -m bench.ingest --segments 10000
    python -m bench.ingest --idle 10

`--rows` records are drained in slices by the real worker, one thread, archive included; after each
measured slice the same rows go by `executemany` into the same tables and indexes of a second store,
in transactions of the same size. Rates are records a second of CPU and of wall time. `--segments`
measures a start with so many dead segments, `--idle` what waiting costs beside living writers.
"""

import argparse
import json
import os

# The stdlib's library has dbstat; the one that the project puts in its place need not.
import sqlite3 as stdlib_sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

MOST_SLICES = 12
TABLES = ("telemetry_request", "telemetry_log", "telemetry_occurrence")
REQUIRED = {"rate": 40_000, "of_raw": 0.4, "flat": 0.8, "bytes_per_request": 600}
Rates = dict[str, float]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="records in the store at the end")
    parser.add_argument("--slice", type=int, default=100_000, help="records between two looks")
    parser.add_argument("--log-files", action="store_true", help="write the JSON log files too")
    parser.add_argument("--segments", type=int, help="start with so many dead segments")
    parser.add_argument("--idle", type=float, metavar="SECONDS", help="wait beside living writers")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as folder:
        _prepare(folder, given.log_files)
        from bench import ingest_start

        if given.segments:
            found = ingest_start.many_segments(Path(folder), given.segments)
        elif given.idle:
            found = ingest_start.idle(Path(folder), given.idle)
        else:
            found = drain(Path(folder), given.rows, given.slice)
    text = json.dumps(found)
    print(text)
    if given.json:
        given.json.write_text(text)
    return 0 if found["holds"] else 1


def _prepare(folder: str, log_files: bool) -> None:
    os.environ["FINTECH_DATA_DIR"] = folder
    os.environ["TELEMETRY_INGEST"] = "external"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintech.settings")
    import django

    django.setup()
    from django.conf import settings as django_settings
    from django.core.management import call_command

    from telemetry.conf import settings

    django_settings.TELEMETRY["LOG_FILES"] = log_files
    django_settings.TELEMETRY["ARCHIVE_MAX_BYTES"] = 64 * 1024 * 1024
    settings.clear()
    call_command("migrate", database="telemetry", verbosity=0)


def drain(folder: Path, rows: int, per_slice: int) -> dict[str, Any]:
    """Fill the store to `rows` records, and measure at most MOST_SLICES slices on the way."""
    from bench import records
    from telemetry.conf import settings
    from telemetry.ingest import process
    from telemetry.ingest.worker import Worker

    raw = _raw_store(folder)
    traffic = records.Traffic(time.time_ns() // 1000 - rows // 3 * records.GAP)
    count = max(1, rows // per_slice)
    looked_at = {round(n * (count - 1) / (MOST_SLICES - 1)) for n in range(MOST_SLICES)} | {0, 1, 2}
    worker = Worker()
    process.settle()
    slices: list[Rates] = []
    stored = 0
    print(f"{'records':>12} {'of CPU/s':>10} {'of wall/s':>10} {'raw/s':>10} {'ratio':>6}")
    for number in range(count):
        last = _newest(folder)
        written = records.write(
            settings.journal_dir, traffic, per_slice // records.RECORDS_PER_REQUEST
        )
        cpu, wall = time.process_time(), time.perf_counter()
        if worker.drain() != written:
            raise SystemExit("ingest did not read every record")
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        stored += written
        if number in looked_at:
            one = {"records": stored, "cpu": written / cpu, "wall": written / wall}
            one["raw"] = _raw(folder, raw, last)
            slices.append(one)
            print(_row(one), flush=True)
    worker.close()
    return _verdict(slices, _disk(folder, stored // records.RECORDS_PER_REQUEST))


def _row(one: Rates) -> str:
    rates = " ".join(f"{one[name]:>10,.0f}" for name in ("cpu", "wall", "raw"))
    return f"{one['records']:>12,.0f} {rates} {one['cpu'] / one['raw']:>6.2f}"


def _verdict(slices: list[Rates], disk: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "rate": statistics.median(one["cpu"] for one in slices),
        "wall": statistics.median(one["wall"] for one in slices),
        "of_raw": statistics.median(one["cpu"] / one["raw"] for one in slices),
        # The last three against the first three: one slice alone is the machine's mood.
        "flat": statistics.median(one["cpu"] for one in slices[-3:])
        / statistics.median(one["cpu"] for one in slices[:3]),
        **disk,
    }
    for name, part in sorted(found["parts"].items(), key=lambda item: -item[1]):
        print(f"  {name:<40} {part:7.1f} bytes a request")
    for name, least in REQUIRED.items():
        print(f"{name:<20} {found[name]:>12,.2f}   required {least:,}")
    found["slices"] = slices
    found["holds"] = found["bytes_per_request"] <= REQUIRED["bytes_per_request"] and all(
        found[name] >= REQUIRED[name] for name in ("rate", "of_raw", "flat")
    )
    return found


def _store(folder: Path) -> Path:
    return folder / "telemetry.sqlite3"


def _newest(folder: Path) -> dict[str, int]:
    """The newest key of each table."""
    with closing(stdlib_sqlite3.connect(f"file:{_store(folder)}?mode=ro", uri=True)) as db:
        return {
            table: db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]
            for table in TABLES
        }


def _raw_store(folder: Path) -> Any:
    """An empty store with the same tables, indexes and settings, by the library that ingest has."""
    import sqlite3

    from django.db import connections

    from telemetry.conf import settings

    path = folder / "raw.sqlite3"
    connections[settings.DATABASE].ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        connections[settings.DATABASE].connection.backup(copy)
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        db.execute(f"PRAGMA {pragma}")
    return db


def _raw(folder: Path, db: Any, after: dict[str, int]) -> float:
    """Rows a second of CPU that plain `executemany` makes of the last slice."""
    tables = {table: _rows_after(folder, table, key) for table, key in after.items()}
    total = sum(len(rows) for _, rows in tables.values())
    steps = max(1, total // _batch())
    began = time.process_time()
    for step in range(steps):
        db.execute("BEGIN IMMEDIATE")
        for sql, rows in tables.values():
            low, high = (len(rows) * n // steps for n in (step, step + 1))
            db.executemany(sql, rows[low:high])
        db.execute("COMMIT")
    return total / (time.process_time() - began)


def _batch() -> int:
    from telemetry.conf import settings

    return int(settings.BATCH_RECORDS)


def _rows_after(folder: Path, table: str, key: int) -> tuple[str, list[tuple[Any, ...]]]:
    with closing(stdlib_sqlite3.connect(f"file:{_store(folder)}?mode=ro", uri=True)) as db:
        columns = [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        rows = db.execute(f"SELECT {names} FROM {table} WHERE id > ? ORDER BY id", (key,))
        return f"INSERT INTO {table} ({names}) VALUES ({marks})", rows.fetchall()


def _disk(folder: Path, requests: int) -> dict[str, Any]:
    """Bytes a request of the whole file, and of each table and index where dbstat is there."""
    path = _store(folder)
    with closing(stdlib_sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            rows = db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
        except stdlib_sqlite3.OperationalError:
            rows = []
    parts = {name: size / requests for name, size in rows if size / requests >= 0.5}
    return {"bytes_per_request": path.stat().st_size / requests, "parts": parts}


if __name__ == "__main__":
    sys.exit(main())
