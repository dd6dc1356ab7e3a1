"""A data folder and an empty, real store for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings


@pytest.fixture
def data_dir(tmp_path: Path, transactional_db: None) -> Iterator[Path]:
    """The folder of the journal and of the ingest lock."""
    with override_settings(TELEMETRY={"DATA_DIR": tmp_path}):
        yield tmp_path
