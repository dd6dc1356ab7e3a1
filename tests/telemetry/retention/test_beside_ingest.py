"""Retention shares the store with ingest, readers and writers, and holds none of them up."""

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from telemetry.ingest.connection import Store
from telemetry.ingest.worker import Worker
from telemetry.retention import upkeep
from tests.site import ROOT, environment, manage, wait_for
from tests.telemetry.ingest.helpers import emit, log
from tests.telemetry.retention.helpers import add_logs, count


@pytest.fixture
def prepared(prepared_data_dir: Path, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    shutil.copytree(prepared_data_dir, folder)
    with override_settings(TELEMETRY={"DATA_DIR": folder}):
        yield folder


@pytest.mark.django_db(databases=["telemetry"], transaction=True)
def test_a_pass_keeps_its_budget_and_passes_end_the_work(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "FIRST_SECONDS", 0.0)
    add_logs(20_000, days=20, size=200)
    add_logs(1, days=0)
    own = upkeep.Upkeep(Store())
    passes, longest = 0, 0.0
    more = True
    while more:
        began = time.monotonic()
        more = own.pass_(budget=0.005)
        longest = max(longest, time.monotonic() - began)
        passes += 1
    assert passes > 1
    # The budget, and one commit on a busy machine.
    assert longest < 0.5
    assert count("log") == 1
    assert not own.due


@pytest.mark.django_db(databases=["telemetry"], transaction=True)
def test_ingest_deletes_by_itself(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FIRST_SECONDS", 0.0)
    add_logs(1200, days=20)
    add_logs(1, days=0)
    end = time.monotonic() + 5
    Worker().run(lambda: count("log") == 1 or time.monotonic() > end)
    assert count("log") == 1


def test_prune_beside_ingest_loses_nothing_and_locks_nobody_out(prepared: Path) -> None:
    file = prepared / "telemetry.sqlite3"
    db = sqlite3.connect(file, isolation_level=None, timeout=20)
    ingest = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "ingest"],
        env=environment(prepared),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert ingest.stderr is not None
    assert "reading" in ingest.stderr.readline()
    db.execute("BEGIN")
    # More than fits in one turn.
    add_logs(120_000, days=20, db=db)
    db.execute("COMMIT")
    stop = threading.Event()
    refused: list[str] = []

    def read() -> None:
        reader = sqlite3.connect(file, timeout=1)
        while not stop.is_set():
            try:
                reader.execute("SELECT count(*) FROM telemetry_request").fetchone()
            except sqlite3.Error as error:
                refused.append(str(error))
            time.sleep(0.005)

    thread = threading.Thread(target=read)
    thread.start()
    pruning = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "prune"],
        env=environment(prepared),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    emitted = 0
    while pruning.poll() is None:
        emitted += 1
        emit(log(emitted, message=f"live {emitted}", logger="live"))
        time.sleep(0.02)
    out, err = pruning.communicate()
    live = "SELECT count(*) FROM telemetry_log WHERE message LIKE 'live %'"
    try:
        assert pruning.returncode == 0, err
        assert "120,000" in out
        assert emitted > 50
        wait_for(lambda: db.execute(live).fetchone()[0] == emitted, 10, "every record is stored")
    finally:
        stop.set()
        thread.join()
        ingest.terminate()
        with ingest:
            assert ingest.wait(10) == 0
    assert refused == []
    status = manage("telemetry_status", env=environment(prepared))
    assert status.returncode == 0, status.stdout


def test_without_a_store_it_says_what_to_run(tmp_path: Path) -> None:
    for arguments in ([], ["--dry-run"]):
        done = manage("prune", *arguments, env=environment(tmp_path))
        assert done.returncode == 1
        assert "Run: python manage.py migrate --database telemetry" in done.stderr
        assert "Traceback" not in done.stderr
    (tmp_path / "telemetry.sqlite3").touch()
    done = manage("prune", env=environment(tmp_path))
    assert done.returncode == 1
    assert "Run: python manage.py migrate --database telemetry" in done.stderr
