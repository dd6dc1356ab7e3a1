"""Processes that fork, or are started again, after their first record."""

import os
import subprocess
import sys

import pytest

from tests.site import ROOT, wait_for
from tests.telemetry.faults.rounds import Rounds, fault
from tests.telemetry.faults.server import Clients, assert_each_has_a_row, serving
from tests.telemetry.faults.world import World

STREAMS = {"3": 4, "threads": 12, "fork": 3, "spawn": 3, "forkserver": 3}


@pytest.mark.parametrize("kind", STREAMS)
@fault("fork after the first record (os.fork, beside threads, multiprocessing)", quick=1, full=5)
def test_each_process_has_its_records(kind: str, rounds: Rounds) -> None:
    for world, _ in rounds.worlds():
        done = subprocess.run(
            [sys.executable, "-m", "tests.telemetry.faults.forks", kind],
            env=world.env, cwd=ROOT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert len(list((world.folder / "notes").iterdir())) == STREAMS[kind]


@fault("gunicorn --preload, a record before the fork", quick=1, full=5)
def test_gunicorn_with_preload(rounds: Rounds) -> None:
    for world, _ in rounds.worlds():
        arguments = ["--preload", "--workers=2", "tests.telemetry.faults.preloaded:application"]
        with serving(world, *arguments) as server, Clients(server, "s") as clients:
            wait_for(lambda: len({a.body for a in clients.answers}) == 2, 30, "both workers answer")
        assert "preloaded.9" in world.ledger.accepted()
        assert world.run("ingest") == 0, world.output
        assert_each_has_a_row(world, clients.answers)


def test_runserver_that_reloads_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = world.folder / "reloaded_urls.py"
    urls.write_text("from tests.telemetry.faults.site import urlpatterns\n")
    monkeypatch.setenv("FAULTS_URLS", "reloaded_urls")
    monkeypatch.setenv("PYTHONPATH", str(world.folder))
    with serving(world, program="runserver") as server, Clients(server, "s", count=2) as clients:
        clients.wait_for(20)
        first = {answer.body for answer in clients.answers}

        def another_answers() -> bool:
            # Again and again: the reloader may not have looked at the file yet.
            later = urls.stat().st_mtime + 5
            os.utime(urls, (later, later))
            return bool({answer.body for answer in clients.answers} - first)

        wait_for(another_answers, 30, "another process answers")
        clients.wait_for(20)
    assert world.settle().problems == []
    assert_each_has_a_row(world, clients.answers)
