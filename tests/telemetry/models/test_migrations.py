"""A store of the first version opens after `migrate`, with its rows."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.ingest import packed
from telemetry.ingest.histogram import ZERO_INDEX

ROOT = Path(__file__).resolve().parents[3]
UID = bytes.fromhex("01a20aeb29816cc5d540a0833f89d723")
KEY = 1_795_479_513_473_250 << 12
ATTRIBUTES = {
    "client.address": "203.0.113.0",
    "user_agent.original": "curl/8",
    "http.request.body.size": 31,
    "http.response.body.size": 812,
    "url.query": "a=1",
}
METRICS = [["c", "paid_total", {"currency": "EUR"}, 3.0]]
SPANS = [[500, 900, "default", "SELECT 17"]]


def manage(folder: Path, *arguments: str) -> str:
    env = {**os.environ, "FINTECH_DATA_DIR": str(folder)}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first-version")
    manage(folder, "migrate", "telemetry", "0001", "--database", "telemetry", "-v0")
    with closing(sqlite3.connect(folder / "telemetry.sqlite3")) as db, db:
        db.executemany("INSERT INTO telemetry_name (id, value) VALUES (?, ?)",
                       [(1, "pay/"), (2, "payments"), (3, "shop/views.py:9 pay")])  # fmt: skip
        db.executemany(
            "INSERT INTO telemetry_request (id, uid, kind, is_self, method, route_id, path, status,"
            " duration, level, db_count, db_time, log_count, transaction_id, attributes, metrics,"
            " spans) VALUES (?, ?, 1, 0, 'POST', 1, '/pay/', 201, 9000, 20, 3, 700, 1, 't-1',"
            " ?, ?, ?)",
            [
                (KEY, UID, json.dumps(ATTRIBUTES), json.dumps(METRICS), json.dumps(SPANS)),
                (KEY + 1, UID[::-1], None, None, None),
            ],
        )
        db.executemany(
            "INSERT INTO telemetry_log (id, uid, level, logger_id, route_id, message, code,"
            " attributes) VALUES (?, ?, 20, 2, 1, ?, ?, ?)",
            [
                (KEY + (1_000 << 12), UID, "asked", "shop/views.py:9 pay", '{"order": "o-77"}'),
                (KEY + (2_000 << 12), None, "alone", None, None),
            ],
        )
        db.execute("INSERT INTO telemetry_bucket VALUES (60, 1, 1200, 3, 6.0, 0.0, 4.0, 2.0)")
        db.executemany("INSERT INTO telemetry_histogrambucket VALUES (60, 1, 1200, ?, ?)",
                       [(-2_000, 1), (0, 2)])  # fmt: skip
    manage(folder, "migrate", "--database", "telemetry", "-v0")
    return folder


def one(folder: Path, sql: str) -> tuple[object, ...]:
    with closing(sqlite3.connect(folder / "telemetry.sqlite3")) as db:
        found: tuple[object, ...] = db.execute(sql).fetchone()
    return found


def test_every_row_is_there(migrated: Path) -> None:
    assert one(migrated, "SELECT count(*), sum(duration) FROM telemetry_request") == (2, 18_000)
    assert one(migrated, "SELECT count(*), min(message) FROM telemetry_log") == (2, "alone")


def test_attributes_with_a_column_of_their_own_are_in_it(migrated: Path) -> None:
    assert one(
        migrated,
        "SELECT client_address, n.value, request_size, response_size, attributes"
        " FROM telemetry_request r JOIN telemetry_name n ON n.id = r.user_agent_id",
    ) == ("203.0.113.0", "curl/8", 31, 812, '{"url.query":"a=1"}')


def test_sums_stay_and_the_bucket_of_zeros_is_below_every_other(migrated: Path) -> None:
    *found, histogram = one(
        migrated, "SELECT count, total, last, last_at, histogram FROM telemetry_bucket"
    )
    assert found == [3, 6.0, 2.0, 0]
    assert isinstance(histogram, bytes)
    assert packed.unpack(histogram) == {ZERO_INDEX: 1, 0: 2}


def test_indexes_are_those_of_the_models(migrated: Path) -> None:
    (names,) = one(
        migrated,
        "SELECT group_concat(name) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    )
    found = set(str(names).split(","))
    assert {"log_uid", "log_bound", "log_severe", "request_failed", "request_repeated"} <= found
    assert "request_uid" not in found


def test_nothing_that_was_shown_is_lost(migrated: Path) -> None:
    text = manage(migrated, "trace", UID.hex())
    assert "POST /pay/" in text
    assert "asked [payments] order=o-77 code=shop/views.py:9 pay" in text
    assert "SELECT 17" in text
    assert "paid_total 3 currency=EUR" in text
    told = json.loads(manage(migrated, "trace", "t-1", "--format", "json"))
    assert told["units"][0]["attributes"] == {**ATTRIBUTES, "transaction.id": "t-1"}
