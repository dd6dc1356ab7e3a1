"""A store that is missing, old, locked or broken gives a page that says what to run."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

# With a transaction of the test's own open, a connection could not be closed.
pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)

PAGES = [
    "",
    "request/",
    "log/",
    "error/",
    "metric/",
    "objective/",
    "status/",
    "trace/" + "0" * 32 + "/",
]


@pytest.fixture
def elsewhere(tmp_path: Path, viewer: Client) -> Iterator[Path]:
    """Telemetry's alias leads to a file of this test's own, which does not exist yet."""
    store = connections["telemetry"]
    usual = store.settings_dict["NAME"]
    store.close()
    store.settings_dict["NAME"] = str(tmp_path / "store.sqlite3")
    yield tmp_path / "store.sqlite3"
    store.close()
    store.settings_dict["NAME"] = usual


def expect(client: Client, page: str, command: str) -> None:
    answer = client.get(f"/admin/telemetry/{page}")
    assert answer.status_code == 503
    assert command in answer.text
    assert "reload this page" in answer.text


def test_a_store_that_was_never_migrated(viewer: Client, elsewhere: Path) -> None:
    for page in PAGES:
        expect(viewer, page, "python manage.py migrate --database telemetry")


def test_a_store_that_is_no_database(viewer: Client, elsewhere: Path) -> None:
    elsewhere.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    expect(viewer, "request/", "python manage.py")


def test_a_store_in_a_folder_that_is_gone(viewer: Client, elsewhere: Path) -> None:
    connections["telemetry"].settings_dict["NAME"] = str(elsewhere / "gone" / "store.sqlite3")
    expect(viewer, "request/", "python manage.py migrate --database telemetry")


def test_a_store_that_another_program_has_locked(viewer: Client, elsewhere: Path) -> None:
    with sqlite3.connect(elsewhere) as other:
        other.execute("CREATE TABLE telemetry_request (id INTEGER)")
        other.commit()
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        expect(viewer, "request/", "locked")
        # Not the 20 s that a writer waits.
        assert time.monotonic() - began < 6
        other.rollback()


def test_an_alias_that_settings_lack(viewer: Client, settings: Any) -> None:
    settings.TELEMETRY = {**settings.TELEMETRY, "DATABASE": "nowhere"}
    expect(viewer, "request/", "nowhere")
