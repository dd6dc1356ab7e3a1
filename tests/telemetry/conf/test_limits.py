"""Limits are finite, counts are whole, and a record is never longer than ingest reads at once."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from telemetry import checks
from telemetry.journal import reader
from tests.site import ROOT


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("POLL_SECONDS", float("inf")),
        ("SLOW_SECONDS", float("nan")),
        ("BATCH_RECORDS", 0.5),
        ("LOG_FILES_KEEP", 2.5),
        ("MAX_RECORD_BYTES", 4096.5),
        ("MAX_RECORD_BYTES", reader.READ_BYTES),
    ],
)
def test_a_limit_that_cannot_be_kept_is_an_error(key: str, value: Any) -> None:
    with override_settings(TELEMETRY={key: value}):
        (message,) = checks.check_values(None)
    assert message.id == "telemetry.E002"
    assert message.msg == f"TELEMETRY[{key!r}] is {value!r}."


@pytest.mark.parametrize(
    "line",
    [
        "TELEMETRY = []",
        'TELEMETRY = {"LOG_LEVEL": "verbose"}',
        'TELEMETRY = {"INGST": 1}',
        'TELEMETRY = {"DATA_DIR": 5}',
        'TELEMETRY = {"SELF_PATHS": 5}',
        'TELEMETRY = {"BATCH_RECORDS": 0.5}',
    ],
)
def test_a_bad_setting_ends_a_start_with_its_check_and_no_traceback(
    line: str, tmp_path: Path
) -> None:
    (tmp_path / "bad_settings.py").write_text(f"from fintech.settings import *\n{line}\n")
    env = {
        **os.environ,
        "FINTECH_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "bad_settings",
        "PYTHONPATH": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "check"],
        env=env,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "telemetry.E00" in done.stderr
