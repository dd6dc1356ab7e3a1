"""The running site: killed parts come back while the others go on, and nothing is left behind."""

import os
import signal
import time

import pytest

from tests.site import alive, wait_for


def kill(process) -> None:
    os.kill(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("name", ["web", "ingest"])
def test_a_killed_child_is_back_within_a_second_and_the_others_go_on(site, name):
    others = {other: site.child(other).pid for other in {"web", "ingest", "guard"} - {name}}
    victim = site.child(name)
    workers = [worker.pid for worker in victim.children(recursive=True)]
    kill(victim)
    killed = time.monotonic()

    def successor():
        return (child := site.child(name)) and child.pid != victim.pid

    wait_for(successor, 1.0, f"{name} is back")
    assert time.monotonic() - killed < 1.0
    assert {other: site.child(other).pid for other in others} == others
    assert f"pid {victim.pid} was killed by SIGKILL; starting it again" in site.output
    assert not any(alive(pid) for pid in workers)
    site.wait_ready()


def test_requests_wait_for_a_killed_web_process_instead_of_failing(site):
    kill(site.child("web"))
    assert site.get("/healthz").status == 200


def test_ctrl_c_stops_everything(make_site):
    site = make_site()
    site.start()
    site.wait_ready()
    wait_for(lambda: site.child("cluster"), 5, "the cluster runs")
    pids = site.pids()
    assert site.interrupt(signal.SIGINT) == 0
    assert not [pid for pid in pids if alive(pid)]
    assert "Traceback" not in site.output
    assert site.output.rstrip().endswith("Stopped.")


def test_a_killed_supervisor_leaves_no_process_behind(make_site):
    site = make_site()
    site.start()
    site.wait_ready()
    wait_for(lambda: site.child("cluster"), 5, "the cluster runs")
    pids = site.pids()
    kill(site.supervisor)
    wait_for(lambda: not [pid for pid in pids if alive(pid)], 15, "every process has ended")
    again = make_site(PORT=str(site.port))
    again.port, again.url = site.port, site.url
    again.start("--no-cluster")
    again.wait_ready()


def test_the_welcome_says_where_to_go(site):
    wait_for(lambda: "Ctrl-C stops everything" in site.output, 5, "the welcome")
    for line in (f"{site.url}/admin/telemetry/", f"{site.url}/api/docs/", "make password"):
        assert line in site.output
