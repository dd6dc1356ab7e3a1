"""A data folder and an empty, real store for each test."""

from tests.telemetry.ingest.conftest import data_dir, own_store

__all__ = ["data_dir", "own_store"]
