"""How long each admin page takes on a large store.

    python -m bench.pages [--rows 1000000]

Fills a temporary store with `--rows` requests, twice as many log records, and a week of rollups,
opens each page five times and prints the slowest milliseconds of the server. Exit 1 over 100 ms.
"""

import argparse
import json
import logging
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from telemetry.ingest import packed
from telemetry.ingest.histogram import index

LIMIT_MS = 100
HOURS = 168
ROUTES = 40
# Numbers of names, after those of the routes.
AGENT, STATEMENT = ROUTES + 3, ROUTES + 4
STATUSES = ("200", "201", "404", "500")
SECONDS = (0.004, 0.008, 0.012, 0.02, 0.03, 0.05, 0.09, 0.2, 0.5, 1.1)
PAGES = {
    "overview, 1 h": "?since=1h",
    "overview, 24 h": "?since=24h",
    "overview, 7 d": "?since=7d",
    "requests": "request/",
    "requests, deep": "request/?before={middle}",
    "requests, N+1": "request/?repeated=1",
    "requests, failed": "request/?status=5xx",
    "requests, one route": "request/?route=api/r7/",
    "requests, no such user": "request/?user=nobody",
    "requests, no such text": "request/?q=nowhere",
    "requests, slower than all": "request/?min_ms=900000",
    "logs": "log/",
    "logs, errors": "log/?level=ERROR",
    "logs, no such text": "log/?q=nowhere",
    "logs, errors, no such text": "log/?level=WARNING&q=nowhere",
    "errors": "error/",
    "one error": "error/1/",
    "trace": "trace/{uid}/",
    "transaction": "transaction/{transaction}/",
    "unknown id": "find/?id=" + "f" * 32,
    "status": "status/",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="requests in the store")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        os.environ["FINTECH_DATA_DIR"] = folder
        os.environ["TELEMETRY_INGEST"] = "off"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintech.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("migrate", database="telemetry", verbosity=0)
        known = fill(Path(folder) / "telemetry.sqlite3", rows)
        slowest = measure(known)
    for name, milliseconds in slowest.items():
        print(f"{name:<30} {milliseconds:8.1f} ms")
    print(json.dumps({"rows": rows, "milliseconds": slowest}))
    return int(max(slowest.values()) > LIMIT_MS)


def measure(known: dict[str, Any]) -> dict[str, float]:
    """The slowest of five answers of each page after one to warm up, in milliseconds."""
    from django.contrib.auth.models import User
    from django.test import Client

    logging.disable()
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    slowest = {}
    for name, path in PAGES.items():
        url = "/admin/telemetry/" + path.format(**known)
        took = []
        for _ in range(6):
            began = time.perf_counter()
            answer = client.get(url)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code in (200, 404), (url, answer.status_code)
        slowest[name] = round(max(took[1:]), 1)
    return slowest


def fill(path: Path, rows: int) -> dict[str, Any]:
    """Writes the store as ingest would; ids that the pages are opened with."""
    chance = random.Random(1)
    now = time.time_ns() // 1000
    gap = HOURS * 3_600_000_000 // rows
    keys = [(now - (rows - n) * gap) << 12 for n in range(rows)]
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO telemetry_process (writer, pid, host, role, app_version, emitted,"
                   " dropped) VALUES (x'00', 1, 'h', 'web', '1', 0, '{}')")  # fmt: skip
        names = [f"api/r{n}/" for n in range(ROUTES)] + ["builtins.ValueError", "app", "curl/8"]
        names.append('SELECT "id" FROM "account" WHERE "id" = %s')
        db.executemany(
            "INSERT INTO telemetry_name (id, value) VALUES (?, ?)", list(enumerate(names, 1))
        )
        _error(db, now, rows)
        _insert(db, "telemetry_request", _requests(keys, chance))
        _insert(db, "telemetry_log", _logs(keys))
        _insert(db, "telemetry_occurrence", _occurrences(keys))
        _rollups(db, now // 1_000_000, chance)
    return {"middle": keys[rows // 2], "uid": _uid(keys[-4]).hex(), "transaction": f"tx-{rows - 4}"}


def _uid(key: int) -> bytes:
    """A unit's id: its start in milliseconds, then what tells it from others."""
    return ((key >> 12) // 1_000).to_bytes(6, "big") + key.to_bytes(10, "big")


def _error(db: sqlite3.Connection, now: int, rows: int) -> None:
    _insert(
        db,
        "telemetry_error",
        [
            {
                "id": 1, "fingerprint": b"\x01", "type": "ValueError", "message": "m",
                "culprit": "c", "route_id": 1, "first_seen": now - 10**9, "last_seen": now,
                "count": rows // 100,
            }
        ],
    )  # fmt: skip


def _requests(keys: list[int], chance: random.Random) -> Iterator[dict[str, Any]]:
    attributes = json.dumps({"url.query": "page=2"})
    for n, key in enumerate(keys):
        failed = n % 100 == 0
        yield {
            "id": key, "uid": _uid(key), "process_id": 1, "kind": 1,
            "is_self": n % 10 == 1, "method": "POST", "route_id": 1 + n % ROUTES,
            "path": f"/api/{n}",
            "status": 500 if failed else 201, "duration": int(chance.expovariate(1 / 20_000)),
            "level": 40 if failed else 20, "outcome": "success", "transaction_id": f"tx-{n}",
            "user_id": str(n % 1000), "error_type_id": ROUTES + 1 if failed else None,
            "db_count": 8, "db_time": 4000, "log_count": 2, "client_address": "203.0.113.0",
            "user_agent_id": AGENT, "response_size": 812, "attributes": attributes,
            "repeated": f"[{STATEMENT},12,3400,null]" if n % 500 == 0 else None,
            "metrics": "[1,1.0,2,0.012]",
        }  # fmt: skip


def _logs(keys: list[int]) -> Iterator[dict[str, Any]]:
    for n, key in enumerate(keys):
        for k in (1, 2):
            level = 40 if n % 100 == 0 and k == 2 else 30 if n % 20 == 0 else 20
            yield {
                "id": key + (1000 * k << 12), "uid": _uid(key), "process_id": 1,
                "level": level, "logger_id": ROUTES + 2, "route_id": 1 + n % ROUTES,
                "message": f"payment {n} of 12.34 EUR was accepted by the gateway",
                "attributes": '{"attempt": 1}',
                "bound": f'{{"transaction.id": "tx-{n}"}}' if k == 1 and n % 3 == 0 else None,
            }  # fmt: skip


def _occurrences(keys: list[int]) -> Iterator[dict[str, Any]]:
    for key in keys[::100]:
        yield {
            "id": key + (1500 << 12), "error_id": 1, "uid": _uid(key),
            "process_id": 1, "handled": 0, "message": "m", "stack": "Traceback\n" * 20,
        }  # fmt: skip


def _rollups(db: sqlite3.Connection, now: int, chance: random.Random) -> None:
    """Hours of a week, minutes of a day, ten seconds of two hours, for each route and status."""
    db.execute("INSERT INTO telemetry_metric (id, name, type, unit, help) VALUES"
               " (1, 'http_server_requests_total', 'c', '', ''),"
               " (2, 'http_server_request_duration_seconds', 'h', '', '')")  # fmt: skip
    spans = ((3600, HOURS * 3600), (60, 86_400), (10, 7_200))
    number = 0
    for route in range(ROUTES):
        for status in STATUSES:
            labels = {"method": "POST", "route": f"api/r{route}/"}
            for metric, label in ((1, {"status": status}), (2, {"status_class": status[0] + "xx"})):
                if metric == 2 and status == "201":
                    continue
                number += 1
                text = json.dumps({**labels, **label}, sort_keys=True, separators=(",", ":"))
                db.execute("INSERT INTO telemetry_series VALUES (?, ?, ?)", (number, text, metric))
                for resolution, span in spans:
                    _buckets(db, number, metric, resolution, now, span, chance)
    # As the migration makes those of all series together, and of six hours.
    import_module("telemetry.migrations.0007_packed_histograms").fill(db)


def _buckets(
    db: sqlite3.Connection, series: int, metric: int, resolution: int, now: int, span: int,
    chance: random.Random,
) -> None:  # fmt: skip
    starts = range(now // resolution * resolution - span, now + 1, resolution)
    fallen = None
    if metric == 2:
        counts = Counter(index(s * chance.uniform(0.9, 1.1)) for s in SECONDS)
        fallen = packed.pack(counts)
    db.executemany(
        "INSERT INTO telemetry_bucket (resolution, series_id, start, count, total, minimum,"
        " maximum, last, histogram) VALUES (?, ?, ?, 10, 10, 0.001, 1.2, 1, ?)",
        [(resolution, series, start, fallen) for start in starts],
    )


def _insert(db: sqlite3.Connection, table: str, rows: Any) -> None:
    rows = iter(rows)
    first = next(rows)
    sql = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({', '.join(':' + k for k in first)})"
    db.execute(sql, first)
    db.executemany(sql, rows)


if __name__ == "__main__":
    sys.exit(main())
