"""`manage.py ingest` as a process: its start beside many dead segments, and what waiting costs."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bench import records
from telemetry.conf import settings
from telemetry.journal import events
from telemetry.journal.board import Board
from telemetry.journal.writer import BOARD_SUFFIX, Journal

ROOT = Path(__file__).resolve().parent.parent
LIVE_WRITERS = 5
REQUESTS_EACH = 3
START_SECONDS = 5.0
IDLE_SHARE = 0.01
VISIBLE_SECONDS = 1.0


def many_segments(folder: Path, count: int) -> dict[str, Any]:
    """Seconds from the program's start to its first commit, and to the last segment's removal."""
    traffic = records.Traffic(time.time_ns() // 1000 - count * REQUESTS_EACH * records.GAP)
    written = 0
    for _ in range(count):
        written += records.write(settings.journal_dir, traffic, REQUESTS_EACH)
    for segment in sorted(settings.journal_dir.glob("*.seg")):
        writer = segment.name.partition("-")[0]
        Board(settings.journal_dir / f"{writer}{BOARD_SUFFIX}").close()
    began = time.perf_counter()
    with _ingest():
        _wait(lambda: _stored(folder) > 0)
        first = time.perf_counter() - began
        _wait(lambda: not any(settings.journal_dir.glob("*.seg")))
        drained = time.perf_counter() - began
        _wait(lambda: not any(settings.journal_dir.glob(f"*{BOARD_SUFFIX}")))
        closed = time.perf_counter() - began
    found = {"segments": count, "records": written, "first_commit": first, "drained": drained}
    for name, value in found.items():
        print(f"{name:<16} {value:>12,.2f}")
    print(f"{'boards closed':<16} {closed:>12,.2f}")
    return {**found, "boards_closed": closed, "holds": first <= START_SECONDS}


def idle(folder: Path, seconds: float) -> dict[str, Any]:
    """Share of a core that ingest takes beside living writers, and how soon a record is visible."""
    journals = [_journal() for _ in range(LIVE_WRITERS)]
    for journal in journals:
        journal.append(_sample())
    with _ingest() as process:
        _wait(lambda: _stored(folder) == 2 * LIVE_WRITERS)
        time.sleep(3)
        before = _cpu(process)
        time.sleep(seconds)
        share = (_cpu(process) - before) / seconds
        visible = max(_until_visible(folder, journal) for journal in journals)
    for journal in journals:
        journal.close()
    print(f"{'idle':<16} {share:>12.2%} of a core beside {LIVE_WRITERS} living writers")
    print(f"{'visible after':<16} {visible:>12.2f} s at most")
    holds = share <= IDLE_SHARE and visible <= VISIBLE_SECONDS
    return {"writers": LIVE_WRITERS, "share": share, "visible": visible, "holds": holds}


def _until_visible(folder: Path, journal: Journal) -> float:
    before = _stored(folder)
    # Long enough for a reader that slows down while nothing comes to have done so.
    time.sleep(5)
    began = time.perf_counter()
    journal.append(_sample())
    _wait(lambda: _stored(folder) > before, pause=0.005)
    return time.perf_counter() - began


def _journal() -> Journal:
    return Journal(
        settings.journal_dir,
        lambda: events.encode(records.introduction(time.time_ns() // 1000)),
        segment_bytes=settings.SEGMENT_BYTES,
        segment_seconds=settings.SEGMENT_SECONDS,
        max_bytes=settings.JOURNAL_MAX_BYTES,
    )


def _sample() -> bytes:
    now = time.time_ns() // 1000
    return events.encode(events.SamplesMade(None, now, [("c", "ticks_total", {}, 1.0)]))


@contextmanager
def _ingest() -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, str(ROOT / "manage.py"), "ingest"]
    process = subprocess.Popen(command, env=dict(os.environ))
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _wait(done: Any, pause: float = 0.02) -> None:
    end = time.monotonic() + 600
    while not done():
        if time.monotonic() > end:
            raise SystemExit("ingest did not come to it within 10 minutes")
        time.sleep(pause)


def _stored(folder: Path) -> int:
    path = folder / "telemetry.sqlite3"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
        row = db.execute("SELECT value FROM telemetry_total WHERE name = 'stored'").fetchone()
    return 0 if row is None else int(row[0])


def _cpu(process: "subprocess.Popen[bytes]") -> float:
    """Seconds of processor time; Linux tells them here."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
