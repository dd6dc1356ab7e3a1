"""Loggers that repeat what telemetry records itself are left out."""

import logging

import pytest

from telemetry.testing import Captured


@pytest.mark.parametrize("name", ["django.server", "gunicorn.access", "django.db.backends"])
def test_a_repeating_logger_is_left_out(name: str, telemetry_capture: Captured) -> None:
    logging.getLogger(name).error("SELECT … with 'a parameter'")
    logging.getLogger("shop").error("kept")
    assert [record.logger for record in telemetry_capture.logs] == ["shop"]
