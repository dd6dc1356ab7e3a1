"""The status is read while others write: it neither waits for them nor makes them wait."""

import sqlite3
import time
from pathlib import Path

import pytest
from django.db import connections

from telemetry.conf import settings
from telemetry.queries.status import status
from tests.telemetry.ingest.helpers import drain, emit, log

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


def test_a_transaction_of_ingest_is_not_waited_for(data_dir: Path) -> None:
    emit(log(1))
    drain()
    connections[settings.DATABASE].close()
    name = connections[settings.DATABASE].settings_dict["NAME"]
    writer = sqlite3.connect(name, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        began = time.monotonic()
        found = status()
        assert time.monotonic() - began < 2
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    assert found.balanced
    assert found.stored == 2
