"""Nothing is written under a host's tests or when switched off; a signal handler's log is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import mail

from telemetry.capture import sink
from telemetry.journal import events, line

ROOT = Path(__file__).resolve().parents[3]

SERVE = """
import logging, django
django.setup()
{before}
from django.http import HttpResponse
from django.test import RequestFactory
from telemetry.middleware import TelemetryMiddleware
def view(request):
    logging.getLogger("host").warning("inside")
    return HttpResponse()
for _ in range(3):
    assert TelemetryMiddleware(view)(RequestFactory().get("/x/")).status_code == 200
"""
SIGNALS = """
import logging, signal, time, django
django.setup()
log = logging.getLogger("host")
heard = 0
def on_alarm(number, frame):
    global heard
    heard += 1
    log.warning("signal %s", heard)
signal.signal(signal.SIGALRM, on_alarm)
signal.setitimer(signal.ITIMER_REAL, 0.004, 0.004)
made = 0
until = time.monotonic() + 1
while time.monotonic() < until:
    made += 1
    log.warning("main %s", made)
signal.setitimer(signal.ITIMER_REAL, 0)
print(made, heard)
"""


def run(program: str, data_dir: Path, ingest: str) -> str:
    env = {**os.environ, "FINTECH_DATA_DIR": str(data_dir), "TELEMETRY_INGEST": ingest}
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(
        command, env=env, cwd=ROOT, check=True, timeout=60, capture_output=True, text=True
    )
    return done.stdout


def written(data_dir: Path) -> list[events.Event]:
    segments = sorted((data_dir / "journal").glob("*.seg"))
    lines = [one for path in segments for one in path.read_bytes().split(b"\n")[:-1]]
    return [events.decode(line.unpack(one)[1]) for one in lines]


def test_under_this_very_test_runner_nothing_is_written() -> None:
    assert hasattr(mail, "outbox")
    before = sink.replace(None)
    try:
        assert isinstance(sink.current(), sink.NullSink)
    finally:
        sink.replace(before)


@pytest.mark.parametrize(
    ("before", "ingest", "records"),
    [
        ("from django.core import mail; mail.outbox = []", "external", 0),
        ("", "off", 0),
        ("", "external", 6),
    ],
)
def test_who_writes(before: str, ingest: str, records: int, tmp_path: Path) -> None:
    run(SERVE.replace("{before}", before), tmp_path, ingest)
    made = [e for e in written(tmp_path) if not isinstance(e, events.ProcessStarted)]
    assert len(made) == records
    assert (tmp_path / "journal").exists() == bool(records)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no interval timers here")
def test_a_signal_handler_that_logs_loses_nothing(tmp_path: Path) -> None:
    made, heard = map(int, run(SIGNALS, tmp_path, "external").split())
    assert heard > 20
    messages = [e.message for e in written(tmp_path) if isinstance(e, events.LogMade)]
    assert sorted(m for m in messages if m.startswith("main")) == sorted(
        f"main {number}" for number in range(1, made + 1)
    )
    # At this pace none interrupts another more often than a record may be nested.
    assert len([m for m in messages if m.startswith("signal")]) == heard
