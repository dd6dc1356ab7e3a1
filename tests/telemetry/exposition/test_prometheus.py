"""A Prometheus scrapes the running site, and promtool has nothing to say about the page."""

import json
import shutil
import sqlite3
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.site import Site, free_port, wait_for

TOKEN = "a-token-for-the-scraper"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="Prometheus is not installed; on Debian: apt-get install prometheus",
)
CONFIG = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: fintech
    authorization:
      credentials: {token}
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""


class Prometheus:
    """A server of its own folder and port, asked over its HTTP API."""

    def __init__(self, folder: Path, site_port: int) -> None:
        self.port = free_port()
        self._log = folder / "prometheus.log"
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(token=TOKEN, port=site_port))
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={config}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def ask(self, query: str) -> list[Any]:
        """The result of an instant query; nothing while the server is not up."""
        assert self.process.poll() is None, self._log.read_text()
        words = urllib.parse.urlencode({"query": query})
        url = f"http://127.0.0.1:{self.port}/api/v1/query?{words}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(url, timeout=10) as answer:
                found: list[Any] = json.load(answer)["data"]["result"]
        except (urllib.error.URLError, ConnectionError):
            return []
        return found

    def number(self, query: str) -> float | None:
        """The one value that a query gives."""
        found = self.ask(query)
        return float(found[0]["value"][1]) if found else None

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    made = make_site(METRICS_TOKEN=TOKEN, WEB_WORKERS="2")
    made.start("--no-cluster")
    made.wait_ready()
    return made


@pytest.fixture
def prometheus(site: Site, tmp_path: Path) -> Iterator[Prometheus]:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    server = Prometheus(folder, site.port)
    yield server
    server.stop()


def work(site: Site) -> int:
    """Some requests of demo users; how many."""
    user = site.demo_users()[0]
    headers = {"Authorization": f"Token {user['token']}"}
    for _ in range(7):
        assert site.get("/api/accounts/", **headers).status == 200
    assert site.get("/api/nowhere/", **headers).status == 404
    return 8


def stored(site: Site) -> float:
    """What the store says of all requests."""
    with closing(sqlite3.connect(site.data_dir / "telemetry.sqlite3")) as db:
        (total,) = db.execute(
            "SELECT coalesce(sum(b.total), 0) FROM telemetry_bucket b"
            " JOIN telemetry_series s ON s.id = b.series_id JOIN telemetry_metric m"
            " ON m.id = s.metric_id WHERE m.name = 'http_server_requests_total'"
            " AND b.resolution = 3600"
        ).fetchone()
    return float(total)


def test_a_prometheus_reads_what_the_store_says_before_and_after_a_restart(
    site: Site, prometheus: Prometheus
) -> None:
    sent = work(site)
    wait_for(lambda: stored(site) >= sent, 10, "the requests are stored")
    wait_for(lambda: prometheus.number('up{job="fintech"}') == 1, 30, "Prometheus scrapes the site")
    query = "sum(http_server_requests_total)"
    wait_for(lambda: prometheus.number(query) == stored(site), 15, "both say the same")
    assert prometheus.number('http_server_requests_total{status="404"}') == 1
    count = prometheus.number("sum(http_server_request_duration_seconds_count)")
    assert count == prometheus.number(query)
    highest = prometheus.number('sum(http_server_request_duration_seconds_bucket{le="+Inf"})')
    assert highest == count

    # Every process of the site goes; what it counted does not.
    site.stop()
    site.start("--no-cluster")
    site.wait_ready()
    more = work(site)
    wait_for(lambda: stored(site) >= sent + more, 10, "more requests are stored")
    wait_for(lambda: prometheus.number(query) == stored(site), 15, "both say the same again")
    assert prometheus.number(f"resets({query.removeprefix('sum(')[:-1]}[5m]) > 0") is None


def test_promtool_has_nothing_to_say_and_every_worker_says_the_same(site: Site) -> None:
    sent = work(site)
    wait_for(lambda: stored(site) >= sent, 10, "the requests are stored")
    pages = set()
    for _ in range(8):
        reply = site.get("/metrics", **AUTHORIZED)
        assert reply.status == 200
        lines = reply.body.decode().splitlines()
        pages.add(tuple(line for line in lines if line.startswith("http_server_requests_total")))
        time.sleep(0.05)
    assert len(pages) == 1
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=reply.body, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
