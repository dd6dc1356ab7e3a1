"""The delivery equation holds at every moment: while records are written, ingested and removed."""

import threading
import time
from pathlib import Path

import pytest
from django.db import connections
from django.test import override_settings

from telemetry.conf import settings
from telemetry.ingest.worker import Worker
from telemetry.queries.status import status
from tests.telemetry.ingest.helpers import drain, emitting, log

pytestmark = pytest.mark.django_db(transaction=True, databases=["telemetry"])
SECONDS = 2.0


def test_it_holds_while_segments_come_and_go(data_dir: Path) -> None:
    stop = threading.Event()
    emitted: list[int] = []

    def write() -> None:
        with emitting() as sink:
            number = 0
            while not stop.is_set():
                number += 1
                sink.emit(log(number))
                if number % 50 == 0:
                    time.sleep(0.005)
        emitted.append(sink.journal._accepted)

    def ingest() -> None:
        Worker().run(stop.is_set)
        connections[settings.DATABASE].close()

    # Small segments: one is closed, archived and removed many times a second.
    small = {"DATA_DIR": data_dir, "SEGMENT_BYTES": 20_000, "POLL_SECONDS": 0.01}
    with override_settings(TELEMETRY=small):
        threads = [threading.Thread(target=act) for act in (write, write, ingest)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + SECONDS
        looks = 0
        seen: list[int] = []
        while time.monotonic() < end:
            found = status()
            assert found.balanced, found
            seen.append(found.emitted)
            looks += 1
        stop.set()
        for thread in threads:
            thread.join()
        drain()
        last = status()
    assert looks > 5
    assert seen == sorted(seen)
    assert (last.stored, last.pending, last.quarantined) == (sum(emitted), 0, 0)
    assert last.emitted == sum(emitted)
