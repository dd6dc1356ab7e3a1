"""Ingest stands still and the journal fills up: what goes and what stays, by real records."""

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from telemetry.capture import sink
from telemetry.capture.sink import JournalSink
from telemetry.journal import events, reader
from telemetry.middleware import TelemetryMiddleware

CAP = 400_000
log = logging.getLogger("tests.filling")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalSink]:
    """A journal of this test alone, with a small cap."""
    settings = {
        "DATA_DIR": tmp_path, "JOURNAL_MAX_BYTES": CAP, "JOURNAL_MIN_FREE_BYTES": 0,
        "SEGMENT_BYTES": 20_000, "DETAIL_SAMPLE": 0,
    }  # fmt: skip
    with override_settings(TELEMETRY=settings):
        made = JournalSink()
        before = sink.replace(made)
        log.setLevel(logging.DEBUG)
        try:
            yield made
        finally:
            log.setLevel(logging.NOTSET)
            sink.replace(before)
            made.journal.close()


def written(folder: Path) -> list[events.Event]:
    found: list[events.Event] = []
    for path in reader.segments(folder / "journal"):
        chunk = reader.read(path, 0)
        found += [events.decode(one.payload) for one in chunk.records if one.payload]
    return found


def fill(journal: JournalSink, share: float) -> None:
    """Puts the folder at this share of the cap, and has it looked at."""
    folder = journal.journal.folder
    folder.mkdir(exist_ok=True)
    ballast = folder / "ballast"
    ballast.write_bytes(b"")
    used = sum(path.stat().st_size for path in folder.iterdir())
    ballast.write_bytes(bytes(max(0, int(CAP * share) - used)))
    journal.journal.pressure.look()


def speak(journal: JournalSink) -> None:
    for _ in range(20):
        log.debug("debug")
        log.info("info")
        log.warning("warning")
        log.error("error")


@pytest.mark.parametrize(
    ("share", "kept"),
    [
        (0.5, {"debug": 20, "info": 20, "warning": 20, "error": 20}),
        (0.72, {"info": 2, "warning": 20, "error": 20}),
        (0.92, {"warning": 20, "error": 20}),
        (1.02, {"error": 20}),
    ],
)
def test_log_records_go_by_level_and_are_counted(
    share: float, kept: dict[str, int], journal: JournalSink, tmp_path: Path
) -> None:
    log.error("first")
    fill(journal, share)
    speak(journal)
    records = [e for e in written(tmp_path) if isinstance(e, events.LogMade)]
    counts = Counter(record.message for record in records)
    assert counts.pop("first") == 1
    assert counts == kept
    sampled = {record.weight for record in records if record.message == "info"}
    assert sampled == ({10} if share == 0.72 else {None} if share == 0.5 else set())
    found = journal.board.snapshot()
    assert found.emitted == found.accepted + sum(found.dropped.values())
    assert sum(found.dropped.values()) == 80 - sum(kept.values())


@pytest.mark.parametrize(
    ("share", "statuses"), [(0.72, [200, 500]), (0.92, [500]), (1.02, [500]), (1.2, [])]
)
def test_requests_that_failed_stay_longest(
    share: float, statuses: list[int], journal: JournalSink, tmp_path: Path
) -> None:
    log.error("first")
    fill(journal, share)

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=int(request.GET["status"]))

    for status in (200, 500):
        TelemetryMiddleware(view)(RequestFactory().get(f"/?status={status}"))
    found = [e.status for e in written(tmp_path) if isinstance(e, events.UnitDone)]
    assert found == statuses
    assert sum(journal.board.snapshot().dropped.values()) == 2 - len(statuses)


def test_the_journal_stays_about_its_cap_whatever_is_logged(
    journal: JournalSink, tmp_path: Path
) -> None:
    text = "x" * 500
    for _ in range(3_000):
        log.info(text)
        log.error(text)
        journal.journal.pressure.next_look = 0
    size = sum(path.stat().st_size for path in (tmp_path / "journal").iterdir())
    assert size < CAP * 1.1 + 2_000
    found = journal.board.snapshot()
    assert found.emitted >= 6_000
    assert found.dropped["journal_full"] > 0
