"""A data folder and an empty, real store for each test."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.test import override_settings

from telemetry.conf import settings


@pytest.fixture
def data_dir(tmp_path: Path, transactional_db: None) -> Iterator[Path]:
    """The folder of journal, logs and archive."""
    with override_settings(TELEMETRY={"DATA_DIR": tmp_path}):
        yield tmp_path


@pytest.fixture
def own_store(data_dir: Path, tmp_path: Path) -> Iterator[Path]:
    """The store as a file of this test alone, and an empty one beside it."""
    connection = connections[settings.DATABASE]
    connection.ensure_connection()
    store, empty = tmp_path / "store.sqlite3", tmp_path / "empty.sqlite3"
    for target in (store, empty):
        with sqlite3.connect(target) as copy:
            connection.connection.backup(copy)
        copy.close()
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(store)
    yield empty
    connection.close()
    connection.settings_dict["NAME"] = before
