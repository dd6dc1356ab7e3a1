"""Ctrl-C reaches the program, whatever instruction of capture it comes at."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.site import ROOT
from tests.telemetry.capture import interrupted, views


@pytest.mark.parametrize(
    ("act", "records"),
    [("/hello/", 1), ("/talk/", 3), ("/ask/", 1), ("/crash/", 2), ("heard", 1), ("unheard", 1)],
)
def test_none_is_lost_and_capture_goes_on(tmp_path: Path, act: str, records: int) -> None:
    (tmp_path / "db").mkdir()
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.telemetry.faults.settings",
        "FAULTS_DIR": str(tmp_path),
        "FAULTS_URLS": views.__name__,
        "FAULTS_TELEMETRY": json.dumps({"INGEST": "external", "SEGMENT_BYTES": 1_000_000}),
    }
    ran = subprocess.run(
        [sys.executable, "-m", interrupted.__name__, act],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    interrupts, left = map(int, ran.stdout.split())
    assert interrupts > 10
    assert left >= records
