"""Locust as people run it: a process of its own, since importing it patches the whole process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.site import ROOT

LOCUSTFILE = str(ROOT / "loadtests" / "locustfile.py")


def start_locust(
    *arguments: str, results: Path, env: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """A headless run with four users, begun from a folder that is not the project's."""
    command = [sys.executable, "-m", "locust", "-f", LOCUSTFILE, "--headless", "--only-summary"]
    return subprocess.Popen(
        [*command, "-u", "4", "-r", "4", "--results", str(results), *arguments],
        env={**os.environ, **(env or {})},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_locust(
    *arguments: str, results: Path, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Runs it to its end."""
    process = start_locust(*arguments, results=results, env=env)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def interrupt(process: "subprocess.Popen[str]") -> str:
    """Ctrl-C; returns what it printed as errors and log lines."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=60)[1]


def only_result(folder: Path) -> Any:
    """The one result in a folder."""
    (file,) = folder.glob("*.json")
    assert not list(folder.glob(".*"))
    return json.loads(file.read_text())
