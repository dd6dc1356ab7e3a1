"""Real runs against the real site: what locust counts is what is stored, exactly once each."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.loadtests.locust import interrupt, only_result, run_locust, start_locust
from tests.site import Site, wait_for

BRISK = ("--think-time", "0.1")


def aim_at(site: Site, *arguments: str) -> list[str]:
    users = str(site.data_dir / "demo-users.json")
    return ["--host", site.url, "--demo-users", users, *BRISK, *arguments]


def query(site: Site, sql: str, *values: object) -> list[Any]:
    with sqlite3.connect(f"file:{site.data_dir / 'telemetry.sqlite3'}?mode=ro", uri=True) as db:
        return db.execute(sql, values).fetchall()


def stored(site: Site, run: str) -> dict[tuple[str, str], int]:
    rows = query(
        site,
        "SELECT r.method, n.value, count(*) FROM telemetry_request r"
        " JOIN telemetry_name n ON n.id = r.route_id WHERE load_run_id = ? GROUP BY 1, 2",
        run,
    )
    return {(method, f"/{route}"): count for method, route, count in rows}


def has_result(site: Site, run: str) -> bool:
    sql = "SELECT count(*) FROM telemetry_loadrun WHERE id = ? AND result IS NOT NULL"
    return bool(query(site, sql, run)[0][0])


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def loaded(make_site: Callable[..., Site], results: Path) -> Site:
    site = make_site(LOAD_RESULTS_DIR=str(results), GATEWAY_PROFILE="realistic")
    site.start("--no-cluster")
    site.wait_ready()
    return site


def test_each_counted_request_has_exactly_one_row(loaded: Site, results: Path) -> None:
    done = run_locust(*aim_at(loaded, "-t", "5s", "--seed", "4"), results=results)
    assert done.returncode == 0, done.stderr
    result = only_result(results)
    run, total = result["run"], result["total"]
    assert total["requests"] > 30
    assert (total["failures"], total["unanswered"], result["unfinished"]) == (0, 0, 0)
    assert result["ended_by"] == "run_time"
    counted = {(row["method"], row["name"]): row["requests"] for row in result["endpoints"]}
    wait_for(lambda: stored(loaded, run) == counted, 10, "every request is stored")
    ids = query(
        loaded,
        "SELECT count(*), count(DISTINCT caller_trace_id), min(json_extract(attributes,"
        " '$.\"load.level\"')) FROM telemetry_request WHERE load_run_id = ?",
        run,
    )
    assert ids == [(total["requests"], total["requests"], "4")]
    wait_for(lambda: has_result(loaded, run), 15, "the result is in the store")


def test_a_result_has_its_promised_shape(loaded: Site, results: Path) -> None:
    arguments = aim_at(loaded, "-t", "3s", "--run-id", "nightly-1", "--seed", "11")
    done = run_locust(*arguments, results=results, env={"GATEWAY_PROFILE": "realistic"})
    assert done.returncode == 0, done.stderr
    result = json.loads((results / "nightly-1.json").read_text())
    assert (result["schema"], result["run"]) == (1, "nightly-1")
    assert result["started"] < result["ended"]
    assert result["started"].endswith("Z")
    assert (result["host"], result["gateway_profile"]) == (loaded.url, "realistic")
    assert (result["options"]["users"], result["options"]["seed"]) == (4, 11)
    assert result["client"]["cpus"] >= 1
    order = ("min", "p50", "p90", "p95", "p99", "max")
    for row in (result["total"], *result["endpoints"]):
        times = [row["response_ms"][name] for name in order]
        assert times == sorted(times)
        assert row["throughput"] > 0
    points = result["series"]["points"]
    assert sum(point["requests"] for point in points) == result["total"]["requests"]
    assert max(point["users"] for point in points) == 4
    assert result["total"]["requests"] == sum(row["requests"] for row in result["endpoints"])


def test_ctrl_c_leaves_a_result_without_cut_off_requests(loaded: Site, results: Path) -> None:
    process = start_locust(*aim_at(loaded), results=results)
    rows = "SELECT count(*) FROM telemetry_request WHERE load_run_id IS NOT NULL"
    wait_for(lambda: query(loaded, rows)[0][0] > 10, 20, "requests arrive")
    err = interrupt(process)
    result = only_result(results)
    assert (result["ended_by"], result["unfinished"]) == ("stop", 0), err
    counted = {(row["method"], row["name"]): row["requests"] for row in result["endpoints"]}
    wait_for(lambda: stored(loaded, result["run"]) == counted, 10, "every request is stored")


def test_several_processes_make_one_run_and_one_result(loaded: Site, results: Path) -> None:
    done = run_locust(*aim_at(loaded, "-t", "4s", "--processes", "2"), results=results)
    assert done.returncode == 0, done.stderr
    result = only_result(results)
    assert result["options"]["workers"] == 2
    assert result["total"]["requests"] > 20
    counted = {(row["method"], row["name"]): row["requests"] for row in result["endpoints"]}
    wait_for(lambda: stored(loaded, result["run"]) == counted, 10, "every request is stored")


class Moody(BaseHTTPRequestHandler):
    """Answers 503, 503 and then 201 to each key; never to a GET."""

    protocol_version = "HTTP/1.1"
    keys: dict[str, list[tuple[str, str]]] = {}  # noqa: RUF012

    def do_POST(self) -> None:
        key = self.headers["Idempotency-Key"]
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        tries = self.keys.setdefault(key, [])
        tries.append((body, self.headers["traceparent"]))
        status = 201 if len(tries) > 2 else 503
        answer = b'{"id": "1", "status": "completed"}' if status == 201 else b"{}"
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        time.sleep(1.0)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Silence."""


@pytest.fixture
def moody() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    server.daemon_threads = True
    Moody.keys.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def test_retries_keep_key_and_body_and_lost_answers_are_told_apart(
    moody: str, results: Path, prepared_data_dir: Path
) -> None:
    users = str(prepared_data_dir / "demo-users.json")
    arguments = ("--host", moody, "--demo-users", users, "--request-timeout", "0.3")
    done = run_locust(*arguments, "-t", "4s", *BRISK, results=results)
    assert done.returncode == 1, "locust's own sign of failures"
    total = only_result(results)["total"]
    assert 0 < total["unanswered"] < total["failures"]
    retried = [tries for tries in Moody.keys.values() if len(tries) > 1]
    assert retried
    for tries in retried:
        assert len({body for body, _ in tries}) == 1
        assert len({traceparent for _, traceparent in tries}) == len(tries)
    errors = {row["error"] for row in only_result(results)["errors"]}
    assert "HTTP 503" in errors
    assert len(errors) < 10


def orders_of(moody: str, results: Path, users: Path, seed: str) -> list[str]:
    Moody.keys.clear()
    arguments = ("--host", moody, "--demo-users", str(users / "demo-users.json"), "--seed", seed)
    timing = ("--request-timeout", "0.3", "-t", "6s", "--think-time", "0")
    run_locust(*arguments, *timing, "-u", "1", "Shopper", results=results)
    return [tries[0][0] for tries in Moody.keys.values()]


def test_the_same_seed_repeats_a_run(moody: str, results: Path, prepared_data_dir: Path) -> None:
    first, again, other = (
        orders_of(moody, results, prepared_data_dir, seed) for seed in ("5", "5", "6")
    )
    common = min(len(first), len(again), len(other))
    assert common >= 2
    assert first[:common] == again[:common]
    assert first[:common] != other[:common]
