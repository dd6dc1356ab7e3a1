"""`make demo` in small: the site under load, one line that the counts agree, and it stays."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site import ROOT, Site, alive, free_port, wait_for


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "data").mkdir()
    results = str(tmp_path / "results")
    env = {"DEMO_SECONDS": "4", "DEMO_USERS": "4", "LOAD_RESULTS_DIR": results}
    site = Site(tmp_path / "data", {**env, "PORT": str(free_port())})
    with site._log.open("ab") as log:
        site._process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "demo", "--no-cluster"],
            env=site.env,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    site.port = int(site.env["PORT"])
    site.url = f"http://127.0.0.1:{site.port}"
    yield site
    site.stop()


def apart_from_the_site(output: str) -> str:
    """What was printed, without the site's log: it has a stack for each order that the gateway
    could not take, one in a hundred."""
    return re.sub(r"^web +\|.*\n", "", output, flags=re.MULTILINE)


def test_the_demo_ends_with_equal_counts_and_leaves_the_site_running(demo: Site) -> None:
    wait_for(lambda: "Open these:" in demo.output or not alive(demo.supervisor.pid), 90, "the end")
    found = re.search(r"exactly one row: counted ([\d,]+), stored ([\d,]+)\.", demo.output)
    assert found, demo.output[-3_000:]
    assert found[1] == found[2] != "0"
    run = re.search(r"/admin/telemetry/loadrun/(demo-[\w-]+)/", demo.output)
    assert run
    password = re.search(r"Log in as admin: password (\S+)\.", demo.output)
    assert password
    assert demo.get("/healthz").status == 200
    pids = demo.pids()
    assert demo.interrupt() == 0
    assert not [pid for pid in pids if alive(pid)]
    assert "Traceback" not in apart_from_the_site(demo.output)


def test_ctrl_c_in_the_middle_stops_locust_too(demo: Site) -> None:
    wait_for(lambda: "Ramping to" in demo.output, 60, "locust runs")
    pids = demo.pids()
    assert len(pids) > 3
    assert demo.interrupt() == 0
    wait_for(lambda: not [pid for pid in pids if alive(pid)], 10, "every process has ended")
    assert "Traceback" not in apart_from_the_site(demo.output)


@pytest.mark.parametrize("value", ["0", "soon"])
def test_a_bad_duration_stops_the_start_with_one_line(tmp_path: Path, value: str) -> None:
    site = Site(tmp_path, {"DEMO_SECONDS": value})
    done = site.manage("demo")
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert "DEMO_SECONDS" in line
